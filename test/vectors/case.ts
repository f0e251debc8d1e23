import {
  type DescMessage,
  type DescMethodUnary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";

/** The token of a call: one that may push for operator 65001, one for another operator, none, or a malformed one. */
export type TokenName = "push" | "foreign" | "none" | "malformed";

/** The expected error of a call. */
export type ExpectedError = {
  /** Name of the canonical code, as in google.rpc.Code. */
  code: string;
  /** `reason` of the google.rpc.ErrorInfo. Not checked if absent. */
  reason?: string;
  /** `field` of each violation of the google.rpc.BadRequest, in order. None if absent. */
  violations?: string[];
};

/** A call and its answer: either `response` or `error`. Messages are canonical proto3 JSON. */
export type VectorCase = {
  name: string;
  /** Full name, such as `mobiledataplansharing.v1.PlanStatusService`. */
  service: string;
  method: string;
  token: TokenName;
  request: JsonValue;
  /** The same message in binary, as base64. */
  requestBinary: string;
  response?: JsonValue;
  error?: ExpectedError;
};

/** The content of `cases.json`. */
export type Vectors = {
  /** A time of the server's clock at which the cases hold without a clock skew. */
  serverTime: string;
  /** Required `mdps serve --clock-skew` at any other time, because the update times of the cases are fixed and in the future. */
  clockSkewSeconds: number;
  cases: VectorCase[];
};

/** A case as its author writes it. */
export type CaseInit = {
  name: string;
  method: keyof typeof methods;
  token?: TokenName;
  request: JsonObject;
} & ({ response: JsonObject } | { error: ExpectedError });

export type JsonObject = { [key: string]: JsonValue };

const methods = {
  CreateUserPlanStatus: PlanStatusService.method.createUserPlanStatus,
  CreatePlanStatus: PlanStatusService.method.createPlanStatus,
  CreatePlanGroup: PlanGroupService.method.createPlanGroup,
} as const;

/** Returns the method that a case calls. Throws for an unknown method. */
export function methodOf({ service, method }: Pick<VectorCase, "service" | "method">): DescMethodUnary {
  const found = Object.values(methods).find(
    (each) => each.parent.typeName === service && each.name === method,
  );
  if (found === undefined) {
    throw new Error(`${service}/${method} is not one of the three creates`);
  }
  return found as DescMethodUnary;
}

/** Completes a case: messages in canonical JSON, and the request in binary. Throws for an invalid message. */
export function completeCase(init: CaseInit): VectorCase {
  const { name, token = "push" } = init;
  const method = methods[init.method];
  const request = fromJson(method.input, init.request);
  return {
    name,
    service: method.parent.typeName,
    method: method.name,
    token,
    request: toJson(method.input, request),
    requestBinary: Buffer.from(toBinary(method.input, request)).toString("base64"),
    ...("response" in init ? { response: canonical(method.output, init.response) } : { error: init.error }),
  };
}

function canonical(desc: DescMessage, json: JsonValue): JsonValue {
  return toJson(desc, fromJson(desc, json));
}
