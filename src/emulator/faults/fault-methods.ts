import { create } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import type { Fault } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import {
  CreateFaultRequestSchema,
  DeleteFaultRequestSchema,
  ListFaultsRequestSchema,
  ListFaultsResponseSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError, invalidFields } from "../../contract/api-error.ts";
import type { ContractRules } from "../../plans/contract-rules.ts";
import type { EmulatorMethods } from "../emulator-methods.ts";
import { within } from "./fault-check.ts";
import type { Faults } from "./faults.ts";

/** Implements the methods of faults. */
export function createFaultMethods(
  faults: Faults,
  rules: ContractRules,
): EmulatorMethods<"createFault" | "listFaults" | "deleteFault"> {
  return {
    createFault(request) {
      const { fault } = request;
      if (fault === undefined) {
        throw invalidFields(rules(CreateFaultRequestSchema, request));
      }
      const violations = faults.check(fault);
      if (violations.length > 0) {
        throw invalidFields(within("fault", violations));
      }
      return faults.add(fault);
    },

    listFaults(request) {
      const violations = rules(ListFaultsRequestSchema, request);
      const after = numberOfToken(request.pageToken);
      if (after === undefined) {
        const description = "must be a nextPageToken of ListFaults, or empty for the first page";
        violations.push({ field: "pageToken", description });
      }
      if (after === undefined || violations.length > 0) {
        throw invalidFields(violations);
      }
      const size = request.pageSize === 0 ? 100 : Math.min(request.pageSize, 1_000);
      const found = faults.list().filter((fault) => numberOf(fault) > after);
      const page = found.slice(0, size);
      return create(ListFaultsResponseSchema, {
        faults: page,
        nextPageToken: found.length > size ? String(numberOf(page.at(-1) as Fault)) : "",
      });
    },

    deleteFault(request) {
      const violations = rules(DeleteFaultRequestSchema, request);
      if (violations.length > 0) {
        throw invalidFields(violations);
      }
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

/** Returns the number of the last fault of the page before; undefined if the token is invalid. */
function numberOfToken(token: string): number | undefined {
  return token === "" ? 0 : /^[1-9]\d{0,14}$/.test(token) ? Number(token) : undefined;
}
