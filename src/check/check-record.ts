import { limitViolations } from "../contract/field-violation.ts";
import { resourceName } from "../contract/resource-names.ts";
import type { ContractRules } from "../plans/contract-rules.ts";
import {
  type CreateRequest,
  recordOfRequest,
  recordViolations,
  requestOfRecord,
} from "../services/record-mapping.ts";
import type { PutRecord } from "../store/plan-store.ts";

/** Returns the problems of a stored record; none for a valid one. They do not contain its user key. */
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
    const violations = recordViolations(rules, request);
    // Invalid times could not be compared.
    if (violations.length > 0) {
      return limitViolations(violations).map(({ field, description }) => `${field}: ${description}`);
    }
    const resource = "planGroupId" in request ? request.planGroup : request.planStatus;
    return differences(record, resource?.name ?? "", recordOfRequest(key.asn, request));
  };
}

function differences(stored: PutRecord, name: string, expected: PutRecord | undefined): string[] {
  const { key, updateTime, expiresAtMs } = stored;
  const problems: string[] = [];
  if (name !== resourceName(key.asn, key.kind === "planGroup" ? "planGroups" : "planStatuses", key.id)) {
    problems.push(name === "" ? "its name is missing" : "its name is that of another record");
  }
  if (
    updateTime?.seconds !== expected?.updateTime?.seconds ||
    updateTime?.nanos !== expected?.updateTime?.nanos
  ) {
    problems.push("its update time differs from the one that the store has for it");
  }
  if (expiresAtMs !== expected?.expiresAtMs) {
    problems.push("its expiry differs from the one that the store has for it");
  }
  return problems;
}
