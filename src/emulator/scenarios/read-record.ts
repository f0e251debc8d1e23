import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import { CreatePlanGroupRequestSchema } from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import {
  CreatePlanStatusRequestSchema,
  CreateUserPlanStatusRequestSchema,
} from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanGroupSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { asnOfParent, resourceName } from "../../contract/resource-names.ts";
import { closestMatch, didYouMean } from "../../contract/unknown-names/did-you-mean.ts";
import { exampleNames, findExample } from "../../examples/index.ts";
import { checkRequest } from "../../plans/check-request.ts";
import type { ContractRules } from "../../plans/contract-rules.ts";
import { notificationsOf } from "../../plans/notifications.ts";
import { type CreateRequest, recordOfRequest } from "../../services/record-mapping.ts";
import type { PutRecord } from "../../store/plan-store.ts";
import { readPart } from "./read-part.ts";
import { camelKey } from "./source-path.ts";

/** What the records of a scenario are read with. */
export type RecordContext = {
  readonly rules: ContractRules;
  /** Emulated time once the scenario is loaded, in ms since the epoch. */
  readonly nowMs: number;
  /** Maximum time that an `updateTime` may lie in the future, in ms. */
  readonly clockSkewMs: number;
  /** Operator of records without one, `operators/{asn_id}`. */
  readonly parent: string;
};

type ReadRecord = {
  readonly record: PutRecord | undefined;
  readonly violations: readonly FieldViolation[];
};

type JsonObject = Record<string, unknown>;

/**
 * Reads a record: the request that stores it, as `mdps push` and `mdps export` write it, or such a request with the name of
 * an example. It must be valid as if it was pushed.
 */
export function readRecord(json: JsonObject, context: RecordContext): ReadRecord {
  const { json: completed, violations } = complete(json, context);
  const desc = requestDescOf(completed);
  const read = readPart(desc, completed, context.nowMs, (message) => check(desc, message, context));
  const all = [...violations, ...read.violations];
  const request = read.message as CreateRequest | undefined;
  const asn = request && asnOfParent(request.parent);
  if (all.length > 0 || request === undefined || asn === undefined) {
    return { record: undefined, violations: all };
  }
  return { record: recordOfRequest(asn, finish(request, asn)), violations: all };
}

/** Adds the operator and the body of an example. */
function complete(json: JsonObject, { parent, nowMs }: RecordContext) {
  const violations: FieldViolation[] = [];
  const { example: name, ...given } = json;
  // As in proto3 JSON, null is as if the key was absent.
  const completed: JsonObject = { ...given, parent: given.parent ?? parent };
  if (name === undefined || name === null) {
    return { json: completed, violations };
  }
  const example = typeof name === "string" ? findExample(name) : undefined;
  const has = new Set(Object.keys(given).map(camelKey));
  if (example === undefined) {
    const suggestion = typeof name === "string" ? didYouMean(closestMatch(name, exampleNames)) : "";
    const description = `must be one of ${exampleNames.join(", ")}${suggestion}`;
    violations.push({ field: "example", description });
  } else if (has.has(example.kind)) {
    violations.push({ field: "example", description: `must not be set together with ${example.kind}` });
  }
  // An unknown example must not be reported as a missing status too.
  const known = example ?? findExample(has.has("planGroupId") ? "plan-group" : "minimal");
  if (known !== undefined && !has.has(known.kind)) {
    completed[known.kind] = known.body(new Date(nowMs));
  }
  return { json: completed, violations };
}

/** Returns the request that has the fields of a record. A status without a client is for every client. */
function requestDescOf(json: JsonObject): DescMessage {
  const keys = new Set(Object.keys(json).map(camelKey));
  if (keys.has("planGroupId") || keys.has("planGroup")) {
    return CreatePlanGroupRequestSchema;
  }
  return keys.has("clientId") ? CreateUserPlanStatusRequestSchema : CreatePlanStatusRequestSchema;
}

function check(desc: DescMessage, message: Message, context: RecordContext): FieldViolation[] {
  return checkRequest(desc, message as never, { rules: context.rules, times: context }).violations;
}

/** Sets what only the server sets, as for a push. */
function finish(request: CreateRequest, asn: number): CreateRequest {
  if ("planGroupId" in request) {
    request.planGroup ??= create(PlanGroupSchema);
    request.planGroup.name = resourceName(asn, "planGroups", request.planGroupId);
  } else if (request.planStatus !== undefined) {
    request.planStatus.name = resourceName(asn, "planStatuses", request.userKey);
    request.planStatus.notifications = notificationsOf(request.planStatus, "planStatus").types;
  }
  return request;
}
