import { create } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import {
  type Fault,
  FaultSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import {
  CreateFaultRequestSchema,
  DeleteFaultRequestSchema,
  ListFaultsRequestSchema,
  ListFaultsResponseSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError, invalidFields } from "../../contract/api-error.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import type { ContractRules } from "../../plans/contract-rules.ts";
import type { EmulatorMethods } from "../emulator-methods.ts";
import { firstPage, numberOfPageToken, pageSizeOf, pageToken } from "../page.ts";
import { requireValid } from "../require-valid.ts";
import { checkFault, within } from "./fault-check.ts";
import type { Faults } from "./faults.ts";

/** Implements the methods of faults. */
export function createFaultMethods(
  faults: Faults,
  rules: ContractRules,
): EmulatorMethods<"createFault" | "listFaults" | "deleteFault"> {
  return {
    createFault(request) {
      const { fault } = request;
      const violations =
        fault === undefined ? rules(CreateFaultRequestSchema, request) : within("fault", checkFault(fault));
      if (fault === undefined || violations.length > 0) {
        throw invalidFields(violations);
      }
      return faults.add(fault);
    },

    listFaults(request) {
      const violations: FieldViolation[] = [];
      const after = numberOfPageToken(request.pageToken, ["faults"], violations) ?? 0;
      requireValid(rules, ListFaultsRequestSchema, request, violations);
      const found = faults.list().filter((fault) => numberOf(fault) > after);
      const page = firstPage(FaultSchema, found, pageSizeOf(request.pageSize));
      const last = found.length > page.length ? page.at(-1) : undefined;
      return create(ListFaultsResponseSchema, {
        faults: page,
        nextPageToken: last === undefined ? "" : pageToken(numberOf(last), ["faults"]),
      });
    },

    deleteFault(request) {
      requireValid(rules, DeleteFaultRequestSchema, request);
      if (!faults.delete(request.name)) {
        throw apiError(ErrorReason.EMULATOR_RESOURCE_NOT_FOUND, {
          message:
            "there is no such fault: it was deleted, or has applied to as many calls as it was created for",
        });
      }
      return create(EmptySchema);
    },
  };
}

/** Faults are in the order of the numbers in their names. */
function numberOf({ name }: Fault): number {
  return Number(name.slice("faults/".length));
}
