import { readFileSync } from "node:fs";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { Client, credentials } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { PlanServingService } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import {
  CreatePlanGroupRequestSchema,
  PlanGroupService,
} from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanGroupSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createRetryPolicy } from "../../src/client/retry-policy.ts";
import { listen } from "../../src/server/connections/listener.ts";
import { createRpcHandler } from "../../src/server/rpc/handler.ts";
import { serviceConfigProblems } from "../support/service-config-problems.ts";

const text = readFileSync(
  new URL("../../proto/mobiledataplansharing/v1/service_config.json", import.meta.url),
  "utf8",
);
const services = [PlanStatusService, PlanGroupService, PlanServingService];

// biome-ignore lint/suspicious/noExplicitAny: tests break it in every way.
type Config = any;

describe("the gRPC service config", () => {
  it("follows the rules of gRPC and contains every method of the contract", () => {
    expect(serviceConfigProblems(JSON.parse(text), services)).toEqual([]);
  });

  it.each<[string, (config: Config) => void]>([
    [
      "methodConfig[0].name[0]: there is no service a.B",
      ({ methodConfig: [m] }) => (m.name[0].service = "a.B"),
    ],
    [
      "methodConfig[0].name[0]: mobiledataplansharing.v1.PlanStatusService has no method Push",
      ({ methodConfig: [m] }) => (m.name[0].method = "Push"),
    ],
    [
      "methodConfig[0].name[4]: mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup is named twice",
      ({ methodConfig: [m] }) => m.name.push({ service: "mobiledataplansharing.v1.PlanGroupService" }),
    ],
    [
      "mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup is not named",
      ({ methodConfig: [m] }) => m.name.splice(2, 1),
    ],
    [
      'methodConfig[0].timeout: must be a positive duration such as "0.5s"',
      ({ methodConfig: [m] }) => (m.timeout = 30),
    ],
    [
      "methodConfig[0].retryPolicy.maxAttempts: must be an integer from 2 to 5, because gRPC clients cap it at 5",
      ({ methodConfig: [m] }) => (m.retryPolicy.maxAttempts = 6),
    ],
    [
      'methodConfig[0].retryPolicy.maxBackoff: must be a positive duration such as "0.5s"',
      ({ methodConfig: [m] }) => (m.retryPolicy.maxBackoff = "0s"),
    ],
    [
      "methodConfig[0].retryPolicy.retryableStatusCodes: has unknown gRPC codes: GONE",
      ({ methodConfig: [m] }) => m.retryPolicy.retryableStatusCodes.push("GONE"),
    ],
    ["methodConfig[0].hedgingPolicy: unknown key", ({ methodConfig: [m] }) => (m.hedgingPolicy = {})],
    [
      "retryThrottling.tokenRatio: must be greater than 0, with at most 3 decimals",
      ({ retryThrottling }) => (retryThrottling.tokenRatio = 0.0001),
    ],
  ])("reports the problem of an invalid config: %s", (problem, spoil) => {
    const config = JSON.parse(text);
    spoil(config);
    expect(serviceConfigProblems(config, services)).toContain(problem);
  });

  it("has the same backoff as the client of this project", () => {
    const { maxAttempts, delayMs } = createRetryPolicy({}, () => 1);
    const { retryPolicy } = JSON.parse(text).methodConfig[0];
    expect(maxAttempts).toBe(retryPolicy.maxAttempts);
    expect(delayMs(1, undefined)).toBe(Number.parseFloat(retryPolicy.initialBackoff) * 1_000);
    expect(delayMs(2, undefined) / delayMs(1, undefined)).toBe(retryPolicy.backoffMultiplier);
    expect(delayMs(100, undefined)).toBe(Number.parseFloat(retryPolicy.maxBackoff) * 1_000);
  });
});

/**
 * Calls CreatePlanGroup once with grpc-js, on the server's own handler of RPCs, which fails the attempts with these codes
 * and answers those after them. Returns the code of the call and how many attempts there were.
 */
async function callWithConfig(...script: Code[]): Promise<{ code: number; attempts: number }> {
  let attempts = 0;
  const { handle } = createRpcHandler({
    routes: (router) =>
      router.service(PlanGroupService, {
        createPlanGroup() {
          const code = script[attempts++];
          if (code !== undefined) {
            throw new ConnectError("says the server", code);
          }
          return {};
        },
      }),
    interceptors: [],
    requestGate: async () => undefined,
    readMaxBytes: 1_000,
    shutdownSignal: new AbortController().signal,
  });
  const listener = await listen({ host: "127.0.0.1", port: 0 }, handle);
  const client = new Client(new URL(listener.url).host, credentials.createInsecure(), {
    "grpc.service_config": text,
  });
  onTestFinished(() => {
    client.close();
    return listener.close(0);
  });
  const code = await new Promise<number>((resolve) => {
    client.makeUnaryRequest(
      `/${PlanGroupService.typeName}/CreatePlanGroup`,
      (request) => Buffer.from(toBinary(CreatePlanGroupRequestSchema, request)),
      (bytes) => fromBinary(PlanGroupSchema, bytes),
      create(CreatePlanGroupRequestSchema, { parent: "operators/65001" }),
      (error) => resolve(error?.code ?? 0),
    );
  });
  return { code, attempts };
}

describe("grpc-js with the service config", () => {
  it("grpc-js with the service config retries a create that was UNAVAILABLE", async () => {
    expect(await callWithConfig(Code.Unavailable, Code.Unavailable)).toEqual({ code: 0, attempts: 3 });
  });

  it.each([
    [
      "RESOURCE_EXHAUSTED, which the server only sends for a request that is too large",
      Code.ResourceExhausted,
    ],
    ["ABORTED, because a newer status is stored", Code.Aborted],
    ["INVALID_ARGUMENT", Code.InvalidArgument],
  ])("grpc-js with the service config does not retry after %s", async (_, code) => {
    expect(await callWithConfig(code)).toEqual({ code, attempts: 1 });
  });
});
