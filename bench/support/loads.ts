import { create, fromJson, type JsonObject, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { CreateUserPlanStatusRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { exampleStatus } from "../../src/examples/index.ts";
import type { Load } from "./lane.ts";

const restPath = "/v1/operators/65001/clients/mobiledataplan/users/a%2Fb%2BcUUUUUUUU%3D%3D/planStatus";
const rpcPath = "/mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus";

/** The `updateTime` of all statuses. An older one than the stored one would be rejected. */
const now = new Date();

/** Returns the user key that the loads send for a user. */
export const userKeyOf = (user: number) => `a/b+c${user.toString().padStart(8, "0")}==`;

/** Returns REST creates of a prepaid plan: 1.3 KB of JSON with three modules. */
export function restCreate(token: string, modules?: number): Load {
  return {
    method: "POST",
    path: restPath,
    headers: { ...bearer(token), "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(statusOf(modules))),
  };
}

/** Returns the same creates for a server that does not accept an encoded slash in a path, as Vanguard. */
export function plainRestCreate(): Load {
  return { ...restCreate("none"), path: restPath.replaceAll(/%\w\w/g, "") };
}

/** Returns REST reads of 1,000 statuses that the creates stored. */
export function restRead(token: string): Load {
  return { method: "GET", path: restPath, headers: bearer(token), users: 1_000 };
}

/** Returns creates of the same status over Connect with JSON. */
export function connectJsonCreate(token: string): Load {
  return {
    ...rpcCreate(token, "application/json"),
    body: Buffer.from(JSON.stringify(requestOf(statusOf()))),
  };
}

/** Returns creates of the same status over Connect in binary. */
export function connectCreate(token: string): Load {
  return { ...rpcCreate(token, "application/proto"), body: binaryOf() };
}

/** Returns creates of the same status over gRPC, without TLS. */
export function grpcCreate(token: string, modules?: number): Load {
  const { headers, ...load } = rpcCreate(token, "application/grpc");
  const body = frameOf(binaryOf(modules));
  return { ...load, headers: { ...headers, te: "trailers" }, body, over: "http2", grpcStatus: "trailer" };
}

/** Returns creates of the same status over gRPC-Web. */
export function grpcWebCreate(token: string): Load {
  return { ...rpcCreate(token, "application/grpc-web+proto"), body: frameOf(binaryOf()), grpcStatus: "body" };
}

function rpcCreate(token: string, contentType: string): Load {
  const version = contentType.includes("grpc") ? {} : { "connect-protocol-version": "1" };
  const headers = { ...bearer(token), "content-type": contentType, ...version };
  return { method: "POST", path: rpcPath, headers };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Returns the example with some number of modules, whose names differ. */
export function statusOf(modules = 3): JsonObject {
  const status = exampleStatus(now);
  const [plan] = status.plans as [JsonObject];
  const three = plan.planModules as JsonObject[];
  const planModules = Array.from({ length: modules }, (_, index) => {
    const module = three[index % three.length] as JsonObject;
    return index < three.length ? module : { ...module, moduleName: `${module.moduleName} ${index}` };
  });
  return { ...status, plans: [{ ...plan, planModules }] };
}

function requestOf<Status>(planStatus: Status) {
  return { parent: "operators/65001", clientId: "mobiledataplan", userKey: "a/b+cUUUUUUUU==", planStatus };
}

function binaryOf(modules?: number): Buffer {
  const planStatus = fromJson(PlanStatusSchema, statusOf(modules) as JsonValue);
  const schema = CreateUserPlanStatusRequestSchema;
  return Buffer.from(toBinary(schema, create(schema, requestOf(planStatus))));
}

function frameOf(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
