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
import { builtInScenarios, findScenario, sourceOfScenario, unknownScenario } from "./built-in/index.ts";
import { ScenarioError, violationsOf } from "./scenario.ts";
import type { NamedSource, ScenarioLoader } from "./scenario-loader.ts";
import { maxTextBytes, parseSource } from "./source-text.ts";

/** Implements the methods of scenarios. */
export function createScenarioMethods(
  loader: ScenarioLoader,
  rules: ContractRules,
): EmulatorMethods<"listScenarios" | "loadScenario" | "reset"> {
  return {
    listScenarios(request) {
      const violations = rules(ListScenariosRequestSchema, request);
      if (request.pageToken !== "") {
        violations.push({
          field: "pageToken",
          description: "must be empty: all scenarios are on the first page",
        });
      }
      if (violations.length > 0) {
        throw invalidFields(violations);
      }
      const scenarios = builtInScenarios.map(({ id: scenarioId, description }) => ({
        scenarioId,
        description,
      }));
      return create(ListScenariosResponseSchema, { scenarios });
    },

    async loadScenario(request) {
      const violations = rules(LoadScenarioRequestSchema, request);
      const scenario = scenarioOf(request);
      if ("violations" in scenario || violations.length > 0) {
        throw invalidFields([...violations, ...("violations" in scenario ? scenario.violations : [])]);
      }
      try {
        const recordCount = await mapStoreErrors(loader.load(scenario));
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

/** Returns the scenario of a request, parsed but not read. */
function scenarioOf({
  source,
}: LoadScenarioRequest): NamedSource | { readonly violations: readonly FieldViolation[] } {
  switch (source.case) {
    case "scenarioId": {
      const scenario = findScenario(source.value);
      return scenario === undefined
        ? { violations: [{ field: "scenarioId", description: unknownScenario(source.value) }] }
        : { name: scenario.id, source: sourceOfScenario(scenario) };
    }
    case "text": {
      const bytes = Buffer.byteLength(source.value);
      if (bytes > maxTextBytes) {
        const description = `must be at most ${maxTextBytes} bytes of UTF-8, not ${bytes}`;
        return { violations: [{ field: "text", description }] };
      }
      const parsed = parseSource(source.value);
      return "problems" in parsed
        ? { violations: violationsOf(parsed.problems.map((each) => ({ ...each, path: "" }))) }
        : { name: "text", source: parsed };
    }
    default:
      return { violations: [{ field: "source", description: "value is required: set scenarioId or text" }] };
  }
}
