import { type DescMessage, fromJsonString, toJsonString } from "@bufbuild/protobuf";
import { CreatePlanGroupRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import {
  CreatePlanStatusRequestSchema,
  CreateUserPlanStatusRequestSchema,
} from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { asnOfParent } from "../contract/resource-names.ts";
import type { ContractRules } from "../plans/contract-rules.ts";
import {
  type CreateRequest,
  descOfRequest,
  planGroupRecord,
  planStatusRecord,
  requestOfRecord,
} from "../services/record-mapping.ts";
import type { PutRecord } from "../store/plan-store.ts";

/** Thrown for a line that is not a valid record. The message names the field and what was expected. */
export class RecordLineError extends Error {
  override readonly name = "RecordLineError";
}

/** Returns a record as a line of NDJSON: the JSON of the request that stores it, without a line break. */
export function lineOfRecord({ key, value }: PutRecord): string {
  const request = requestOfRecord(key, value);
  return toJsonString(descOfRequest(request), request as never);
}

/**
 * Returns the record of a line. Throws RecordLineError unless it satisfies the contract's rules, except those of time:
 * they held when the record was accepted.
 */
export function recordOfLine(line: string, rules: ContractRules): PutRecord {
  const request = parse(line);
  const violations = rules(descOfRequest(request), request as never);
  if (violations.length > 0) {
    throw new RecordLineError(
      violations.map(({ field, description }) => `${field}: ${description}`).join("; "),
    );
  }
  // The rules require a valid parent.
  const asn = asnOfParent(request.parent) as number;
  if (request.$typeName === "mobiledataplansharing.v1.CreatePlanGroupRequest") {
    const { planGroupId, planGroup } = request;
    if (planGroup === undefined) {
      throw new RecordLineError("planGroup: value is required");
    }
    return planGroupRecord(asn, planGroupId, planGroup);
  }
  const { userKey, planStatus } = request;
  if (planStatus === undefined) {
    throw new RecordLineError("planStatus: value is required");
  }
  return planStatusRecord(asn, "clientId" in request ? request.clientId : "", userKey, planStatus);
}

function parse(line: string): CreateRequest {
  try {
    const members = JSON.parse(line) as object;
    if (typeof members !== "object" || members === null) {
      throw new RecordLineError("a line must be a JSON object");
    }
    // Each of these fields exists in one of the three requests only.
    const desc =
      "planGroupId" in members
        ? CreatePlanGroupRequestSchema
        : "clientId" in members
          ? CreateUserPlanStatusRequestSchema
          : CreatePlanStatusRequestSchema;
    return fromJsonString(desc as DescMessage, line) as CreateRequest;
  } catch (error) {
    throw error instanceof RecordLineError ? error : new RecordLineError((error as Error).message);
  }
}
