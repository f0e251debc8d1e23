import { gzipSync } from "node:zlib";
import { toBinary, toJsonString } from "@bufbuild/protobuf";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { RawCall } from "../../test/support/http/raw-call.ts";
import {
  largestBinary,
  largestJson,
  requestBinary,
  requestJson,
  validStatus,
  type WorstBody,
  worstJson,
} from "../../test/support/worst-case/bodies.ts";

/** A protocol and the format of its messages. */
export type Column = {
  readonly name: string;
  readonly protocol: RawCall["protocol"];
  readonly format: RawCall["format"];
};

export const columns: readonly Column[] = [
  { name: "REST", protocol: "rest", format: "json" },
  { name: "Connect, JSON", protocol: "connect", format: "json" },
  { name: "Connect", protocol: "connect", format: "binary" },
  { name: "gRPC", protocol: "grpc", format: "binary" },
  { name: "gRPC-Web", protocol: "grpc-web", format: "binary" },
];

/** A call without the server that it is sent to. */
export type Call = Omit<RawCall, "url" | "token">;

const rpc = "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus";
const rest = "POST /v1/operators/65001/clients/mobiledataplan/users/a%2Fb%2Bc%3D%3D/planStatus";

/** Returns the CreateUserPlanStatus with a body; undefined if the body does not exist in the format of the column. */
export function callOf({ protocol, format }: Column, { json, binary }: WorstBody): Call | undefined {
  const method = protocol === "rest" ? rest : rpc;
  if (format === "binary") {
    return binary && { protocol, format, method, body: requestBinary(binary) };
  }
  return json === undefined
    ? undefined
    : { protocol, format, method, body: protocol === "rest" ? json : requestJson(json) };
}

/** Valid statuses, from the smallest to the largest. */
export function validBodies(): WorstBody[] {
  const bodies = [1, 4, 16, 64, 256].map((modules) => {
    const status = validStatus(modules);
    return {
      name: `${modules} modules`,
      json: toJsonString(PlanStatusSchema, status),
      binary: toBinary(PlanStatusSchema, status),
    };
  });
  return [...bodies, { name: "as large as possible", json: largestJson(), binary: largestBinary() }];
}

/** Calls of other methods, and calls that differ in more than the body, with their names. */
export function otherCalls(): [string, Call][] {
  const group = (json: string) =>
    `{"planGroupId":"k","planGroup":${json.replace('"plans"', '"dataPlans"')}}`.slice(0, 1024 * 1024);
  const statusPath = "POST /v1/operators/65001/planStatuses?userKey=k";
  const json = (method: string, body: string): Call => ({ protocol: "rest", format: "json", method, body });
  const binary = (protocol: RawCall["protocol"], method: string, body: Uint8Array): Call => ({
    protocol,
    format: "binary",
    method,
    body,
  });
  const health = "grpc.health.v1.Health/Check";
  const unknown = Buffer.alloc(1024 * 1024 - 16, Uint8Array.of(0x78, 0));
  const read = "/v1/operators/65001/planStatuses/k";
  const bomb = encodeEnvelope(1, gzipSync(Buffer.alloc(1024 * 1024), { level: 9 }));
  const frames = (body: Uint8Array): Call => ({
    ...binary("grpc", rpc, body),
    unframed: true,
    encoding: "gzip",
  });
  return [
    ...worstJson().flatMap<[string, Call]>(({ name, json: body = "" }) => [
      [`CreatePlanStatus: ${name}`, json(statusPath, body)],
      [`CreatePlanGroup: ${name}`, json("POST /v1/operators/65001/planGroups", group(body))],
    ]),
    ["GetPlanStatus: a thousand unknown parameters", json(`GET ${read}?${"x=1&".repeat(1_000)}`, "")],
    ["GetPlanStatus: parameters of 8,000 characters", json(`GET ${read}?${"%25".repeat(2_600)}=`, "")],
    [
      "GetPlanStatus: masks of 8,000 characters",
      json(`GET ${read}?$fields=${"plans(planId),".repeat(500)}`, ""),
    ],
    ["GetPlanStatus: unknown fields over Connect", binary("connect", `${serving}/GetPlanStatus`, unknown)],
    ["Health.Check: unknown fields over gRPC", binary("grpc", health, unknown)],
    ["reflection: unknown fields over gRPC", binary("grpc", reflection, unknown.subarray(0, 16_000))],
    ["reflection: a long name over gRPC", binary("grpc", reflection, longSymbol())],
    ["CreateUserPlanStatus: 200,000 empty frames over gRPC", frames(Buffer.alloc(1024 * 1024 - 1))],
    ["CreateUserPlanStatus: 900 compressed messages over gRPC", frames(Buffer.concat(Array(900).fill(bomb)))],
  ];
}

const serving = "mobiledataplansharing.serving.v1.PlanServingService";
const reflection = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

/** A question for a symbol: field 4. */
function longSymbol(): Uint8Array {
  const name = Buffer.alloc(16_000, "a");
  return Buffer.concat([Uint8Array.of(0x22, 0x80, 0x7d), name]);
}
