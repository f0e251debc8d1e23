import { create } from "@bufbuild/protobuf";
import {
  ListScenariosRequestSchema,
  ListScenariosResponseSchema,
  type LoadScenarioRequest,
  LoadScenarioRequestSchema,
  LoadScenarioResponseSchema,
  ResetResponseSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { invalidFields } from "../../contract/api-error.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import type { ContractRules } from "../../plans/contract-rules.ts";
import { mapStoreErrors } from "../../services/store-errors.ts";
import type { EmulatorMethods } from "../emulator-methods.ts";
import { numberOfPageToken, pageSizeOf, pageToken } from "../page.ts";
import { requireValid } from "../require-valid.ts";
import { builtInScenarios, unknownScenario } from "./built-in/index.ts";
import { builtInSource, type NamedSource, textSource } from "./named-source.ts";
import { ScenarioError, violationsOf } from "./scenario.ts";
import type { ScenarioLoader } from "./scenario-loader.ts";

/** Implements the methods of scenarios. */
export function createScenarioMethods(
  loader: ScenarioLoader,
  rules: ContractRules,
): EmulatorMethods<"listScenarios" | "loadScenario" | "reset"> {
  return {
    listScenarios(request) {
      const violations: FieldViolation[] = [];
      const first = numberOfPageToken(request.pageToken, ["scenarios"], violations) ?? 0;
      requireValid(rules, ListScenariosRequestSchema, request, violations);
      const next = first + pageSizeOf(request.pageSize);
      return create(ListScenariosResponseSchema, {
        scenarios: builtInScenarios
          .slice(first, next)
          .map(({ id: scenarioId, description }) => ({ scenarioId, description })),
        nextPageToken: next < builtInScenarios.length ? pageToken(next, ["scenarios"]) : "",
      });
    },

    async loadScenario(request) {
      requireValid(rules, LoadScenarioRequestSchema, request);
      try {
        const recordCount = await mapStoreErrors(loader.load(scenarioOf(request)));
        return create(LoadScenarioResponseSchema, { recordCount });
      } catch (error) {
        throw error instanceof ScenarioError ? invalidFields(violationsOf(error.problems)) : error;
      }
    },

    async reset() {
      await mapStoreErrors(loader.reset());
      return create(ResetResponseSchema);
    },
  };
}

/** Returns the scenario of a request. Throws INVALID_ARGUMENT and ScenarioError. */
function scenarioOf({ source }: LoadScenarioRequest): NamedSource {
  switch (source.case) {
    case "scenarioId": {
      const scenario = builtInSource(source.value);
      if (scenario === undefined) {
        throw invalidFields([{ field: "scenarioId", description: unknownScenario(source.value) }]);
      }
      return scenario;
    }
    case "text":
      return textSource("text", source.value);
    default:
      throw invalidFields([{ field: "source", description: "value is required: set scenarioId or text" }]);
  }
}
