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

/** Which token a call carries: one that may push for operator 65001, one for another operator, none, or no token at all. */
export type TokenName = "push" | "foreign" | "none" | "malformed";

/** How a call is refused. */
export type ExpectedError = {
  /** Name of the canonical code, as in google.rpc.Code. */
  code: string;
  /** `reason` of the google.rpc.ErrorInfo. Absent: not checked. */
  reason?: string;
  /** `field` of each violation of the google.rpc.BadRequest, in order. Absent: none. */
  violations?: string[];
};

/** A call and its answer. Exactly one of `response` and `error` is there. Messages are canonical proto3 JSON. */
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

/** What `cases.json` holds. */
export type Vectors = {
  /** What the server must allow with `mdps serve --clock-skew`: the update times of the cases are fixed, in the future. */
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

/** Returns the method that a case calls. Raises an error if there is none such. */
export function methodOf({ service, method }: Pick<VectorCase, "service" | "method">): DescMethodUnary {
  const found = Object.values(methods).find(
    (each) => each.parent.typeName === service && each.name === method,
  );
  if (found === undefined) {
    throw new Error(`${service}/${method} is none of the three creates`);
  }
  return found as DescMethodUnary;
}

/** Completes a case: messages in canonical JSON, and the request in binary. Raises an error for what is no message. */
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
