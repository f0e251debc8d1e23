import { create, type DescMessage } from "@bufbuild/protobuf";
import {
  type CreatePlanGroupRequest,
  CreatePlanGroupRequestSchema,
} from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import {
  type CreatePlanStatusRequest,
  CreatePlanStatusRequestSchema,
  type CreateUserPlanStatusRequest,
  CreateUserPlanStatusRequestSchema,
} from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanGroupCodec, PlanStatusCodec } from "../../gen/mobiledataplansharing/v1/resources_codec.ts";
import type { PlanGroup, PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { FieldViolation } from "../contract/field-violation.ts";
import { ceilToMs, instantOf } from "../contract/instant.ts";
import { parentOf } from "../contract/resource-names.ts";
import type { ContractRules } from "../plans/contract-rules.ts";
import type { PutRecord, RecordKey } from "../store/plan-store.ts";

/** A request that stores a record. */
export type CreateRequest = CreateUserPlanStatusRequest | CreatePlanStatusRequest | CreatePlanGroupRequest;

/** Returns the record of a status; an empty client id means all clients. */
export function planStatusRecord(
  asn: number,
  clientId: string,
  userKey: string,
  status: PlanStatus,
): PutRecord {
  return {
    key: { kind: "planStatus", asn, clientId, id: userKey },
    updateTime: status.updateTime && instantOf(status.updateTime),
    expiresAtMs: status.expireTime && ceilToMs(instantOf(status.expireTime)),
    value: PlanStatusCodec.encode(status),
  };
}

export function planGroupRecord(asn: number, planGroupId: string, group: PlanGroup): PutRecord {
  return {
    key: { kind: "planGroup", asn, clientId: "", id: planGroupId },
    updateTime: group.lastUpdatedTime && instantOf(group.lastUpdatedTime),
    expiresAtMs: group.responseStaleTime && ceilToMs(instantOf(group.responseStaleTime)),
    value: PlanGroupCodec.encode(group),
  };
}

/** Returns the request that stores a record. Fields that only the server sets are as stored. */
export function requestOfRecord(key: RecordKey, value: Uint8Array): CreateRequest {
  const parent = parentOf(key.asn);
  if (key.kind === "planGroup") {
    const planGroup = PlanGroupCodec.decode(value);
    return create(CreatePlanGroupRequestSchema, { parent, planGroupId: key.id, planGroup });
  }
  const planStatus = PlanStatusCodec.decode(value);
  const { clientId, id: userKey } = key;
  return clientId === ""
    ? create(CreatePlanStatusRequestSchema, { parent, userKey, planStatus })
    : create(CreateUserPlanStatusRequestSchema, { parent, clientId, userKey, planStatus });
}

/** Returns the record that a request stores; undefined without a resource. */
export function recordOfRequest(asn: number, request: CreateRequest): PutRecord | undefined {
  if ("planGroupId" in request) {
    return request.planGroup && planGroupRecord(asn, request.planGroupId, request.planGroup);
  }
  const clientId = "clientId" in request ? request.clientId : "";
  return request.planStatus && planStatusRecord(asn, clientId, request.userKey, request.planStatus);
}

/**
 * Returns the violations of the contract's rules in the request of a stored record, except invisible characters in its
 * key. These are errors of a push, but rejecting a record that is stored would lose it.
 */
export function recordViolations(rules: ContractRules, request: CreateRequest): FieldViolation[] {
  const [field, key] =
    "planGroupId" in request ? ["planGroupId", request.planGroupId] : ["userKey", request.userKey];
  return rules(requestDesc(request), {
    ...request,
    [field]: key.replace(/[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu, "_"),
  });
}

/** Returns the descriptor of a request with these fields: each is in one of the three requests only. */
export function requestDesc(request: object): DescMessage {
  if ("planGroupId" in request) {
    return CreatePlanGroupRequestSchema;
  }
  return "clientId" in request ? CreateUserPlanStatusRequestSchema : CreatePlanStatusRequestSchema;
}
