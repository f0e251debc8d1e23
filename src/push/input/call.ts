import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import { CreatePlanGroupRequestCodec } from "../../../gen/mobiledataplansharing/v1/plan_group_service_codec.ts";
import {
  type CreatePlanGroupRequest,
  CreatePlanGroupRequestSchema,
} from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import {
  CreatePlanStatusRequestCodec,
  CreateUserPlanStatusRequestCodec,
} from "../../../gen/mobiledataplansharing/v1/plan_status_service_codec.ts";
import {
  CreatePlanStatusRequestSchema,
  type CreateUserPlanStatusRequest,
  CreateUserPlanStatusRequestSchema,
} from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { damageOf } from "./numeric-key.ts";
import type { PushRequest, RecordOptions } from "./push-request.ts";

/** The call that a record is pushed with. */
export type Call = Pick<PushRequest, "method" | "parent" | "clientId" | "userKey"> & {
  readonly desc: DescMessage;
  readonly message: Message;
  /** Returns the encoded message. */
  readonly encode: () => Uint8Array;
  /** Violations of rules that the contract does not have. */
  readonly violations: readonly FieldViolation[];
};

/** Returns the call of a request, with the operator and the client of the options where it has none. */
export function callOf(
  request: CreateUserPlanStatusRequest | CreatePlanGroupRequest,
  { parent = "", client }: RecordOptions,
): Call {
  request.parent ||= parent;
  return "planGroupId" in request ? groupCall(request) : statusCall(request, client);
}

function groupCall(message: CreatePlanGroupRequest): Call {
  return {
    method: "createPlanGroup",
    parent: message.parent,
    clientId: "",
    userKey: message.planGroupId,
    desc: CreatePlanGroupRequestSchema,
    message,
    encode: () => CreatePlanGroupRequestCodec.encode(message),
    violations: [],
  };
}

function statusCall(request: CreateUserPlanStatusRequest, client: string | undefined): Call {
  request.clientId ||= client === undefined || client === "any" ? "" : client;
  const { parent, clientId, userKey, planStatus } = request;
  if (clientId === "" && client === "any") {
    const message = create(CreatePlanStatusRequestSchema, {
      parent,
      userKey,
      ...(planStatus && { planStatus }),
    });
    return {
      method: "createPlanStatus",
      parent,
      clientId,
      userKey,
      desc: CreatePlanStatusRequestSchema,
      message,
      encode: () => CreatePlanStatusRequestCodec.encode(message),
      violations: damaged(userKey),
    };
  }
  return {
    method: "createUserPlanStatus",
    parent,
    clientId,
    userKey,
    desc: CreateUserPlanStatusRequestSchema,
    message: request,
    encode: () => CreateUserPlanStatusRequestCodec.encode(request),
    violations: [...damaged(userKey), ...dotSegment("userKey", userKey), ...dotSegment("clientId", clientId)],
  };
}

function damaged(userKey: string): FieldViolation[] {
  const damage = damageOf(userKey);
  return damage === undefined
    ? []
    : [{ field: "userKey", description: `must be ${damage.expected}; ${damage.advice}` }];
}

function dotSegment(field: string, text: string): FieldViolation[] {
  return text === "." || text === ".."
    ? [{ field, description: "must not be . or .., which a URL path cannot contain" }]
    : [];
}
