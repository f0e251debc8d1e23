import { PlanGroupSchema, PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { resourceName } from "../contract/resource-names.ts";
import type { ContractRules } from "../plans/contract-rules.ts";
import { createTimestampRules } from "../plans/timestamp-rules.ts";
import {
  type CreateRequest,
  descOfRequest,
  planGroupRecord,
  planStatusRecord,
  requestOfRecord,
} from "../services/record-mapping.ts";
import type { PutRecord } from "../store/plan-store.ts";

/** Returns what is wrong with a stored record, in words that have no user key; nothing for one that is right. */
export type RecordCheck = (record: PutRecord) => readonly string[];

/**
 * Creates the check of a single record: its value is a message of the contract, which keeps the rules but for those of
 * time, has the name of its key, and the update time and expiry that the store goes by.
 */
export function createRecordCheck(rules: ContractRules): RecordCheck {
  const statusTimes = createTimestampRules(PlanStatusSchema);
  const groupTimes = createTimestampRules(PlanGroupSchema);

  function brokenRules(request: CreateRequest) {
    const broken = rules(descOfRequest(request), request as never);
    if (request.$typeName === "mobiledataplansharing.v1.CreatePlanGroupRequest") {
      return [...broken, ...(request.planGroup ? groupTimes(request.planGroup, "planGroup") : [])];
    }
    return [...broken, ...(request.planStatus ? statusTimes(request.planStatus, "planStatus") : [])];
  }

  return (record) => {
    const { key, value } = record;
    let request: CreateRequest;
    try {
      request = requestOfRecord(key, value);
    } catch (error) {
      return [`its value of ${value.length} bytes is no ${key.kind}: ${(error as Error).message}`];
    }
    const broken = brokenRules(request);
    // Times that are none cannot be compared either.
    if (broken.length > 0) {
      return broken.map(({ field, description }) => `${field}: ${description}`);
    }
    return differences(record, request);
  };
}

function differences({ key, updateTime, expiresAtMs }: PutRecord, request: CreateRequest): string[] {
  const { resource, collection, record } = derived(request, key);
  const problems: string[] = [];
  if (resource.name !== resourceName(key.asn, collection, key.id)) {
    problems.push(
      resource.name === "" ? "it has no name" : "it has the name of another record than its key is of",
    );
  }
  if (updateTime?.seconds !== record.updateTime?.seconds || updateTime?.nanos !== record.updateTime?.nanos) {
    problems.push("the store goes by another update time than it has");
  }
  if (expiresAtMs !== record.expiresAtMs) {
    problems.push("the store goes by another time of expiry than it has");
  }
  return problems;
}

/** What the store would have been given for a request. */
function derived(request: CreateRequest, { asn, clientId, id }: PutRecord["key"]) {
  if (request.$typeName === "mobiledataplansharing.v1.CreatePlanGroupRequest") {
    const resource = request.planGroup as NonNullable<typeof request.planGroup>;
    return { resource, collection: "planGroups", record: planGroupRecord(asn, id, resource) } as const;
  }
  const resource = request.planStatus as NonNullable<typeof request.planStatus>;
  const record = planStatusRecord(asn, clientId, id, resource);
  return { resource, collection: "planStatuses", record } as const;
}
