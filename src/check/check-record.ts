import { resourceName } from "../contract/resource-names.ts";
import type { ContractRules } from "../plans/contract-rules.ts";
import {
  type CreateRequest,
  descOfRequest,
  planGroupRecord,
  planStatusRecord,
  requestOfRecord,
} from "../services/record-mapping.ts";
import type { PutRecord } from "../store/plan-store.ts";

/** Returns the problems of a stored record, without its user key; empty for a valid one. */
export type RecordCheck = (record: PutRecord) => readonly string[];

/**
 * Creates the check of a record: its value must be a message of the contract that satisfies the rules except those of
 * time, and its name, update time and expiry must be those of the stored key and columns.
 */
export function createRecordCheck(rules: ContractRules): RecordCheck {
  return function checkRecord(record) {
    const { key, value } = record;
    let request: CreateRequest;
    try {
      request = requestOfRecord(key, value);
    } catch (error) {
      return [`its value of ${value.length} bytes is not a ${key.kind}: ${(error as Error).message}`];
    }
    const violations = rules(descOfRequest(request), request as never);
    // Invalid times could not be compared.
    if (violations.length > 0) {
      return violations.map(({ field, description }) => `${field}: ${description}`);
    }
    return differences(record, request);
  };
}

function differences({ key, updateTime, expiresAtMs }: PutRecord, request: CreateRequest): string[] {
  const { resource, collection, record } = expectedRecord(request, key);
  const problems: string[] = [];
  if (resource.name !== resourceName(key.asn, collection, key.id)) {
    problems.push(resource.name === "" ? "its name is missing" : "its name is that of another record");
  }
  if (updateTime?.seconds !== record.updateTime?.seconds || updateTime?.nanos !== record.updateTime?.nanos) {
    problems.push("its update time differs from the one that the store has for it");
  }
  if (expiresAtMs !== record.expiresAtMs) {
    problems.push("its expiry differs from the one that the store has for it");
  }
  return problems;
}

/** Returns the resource of a request and the record that it would store. */
function expectedRecord(request: CreateRequest, { asn, clientId, id }: PutRecord["key"]) {
  if (request.$typeName === "mobiledataplansharing.v1.CreatePlanGroupRequest") {
    const resource = request.planGroup as NonNullable<typeof request.planGroup>;
    return { resource, collection: "planGroups", record: planGroupRecord(asn, id, resource) } as const;
  }
  const resource = request.planStatus as NonNullable<typeof request.planStatus>;
  const record = planStatusRecord(asn, clientId, id, resource);
  return { resource, collection: "planStatuses", record } as const;
}
