import { create, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  CreateUserPlanStatusRequestSchema,
  PlanStatusService,
} from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { createPlanSharingClient } from "../../../src/client/index.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { freshKey, parent, protocols } from "../../support/test-server.ts";
import { type FaultyServer, startFaultyServer } from "./faulty-server.ts";

let server: FaultyServer;
beforeAll(async () => {
  server = await startFaultyServer();
});
afterEach(() => server.state.faults.clear());
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const cuts = ["BEFORE_PROCESSING", "BEFORE_ANSWER", "WITHIN_ANSWER"] as const;

const requestOf = (userKey: string) => ({ parent, clientId: "youtube", userKey, planStatus: planStatus() });

describe.each(protocols)("the client of this project over %s", (protocol) => {
  it.each(cuts)("retries a push whose connection is cut %s, and it succeeds", async (cut) => {
    server.inject({ cut, nextCalls: 2 });
    const attempts: number[] = [];
    const client = createPlanSharingClient({
      endpoint: server.url,
      protocol,
      token: server.token,
      retry: { initialDelayMs: 0 },
      onAttempt: ({ attempt }) => attempts.push(attempt),
    });
    const userKey = freshKey();
    const pushed = await client.createUserPlanStatus(requestOf(userKey));
    expect(pushed.name).toBe(`${parent}/planStatuses/${userKey}`);
    expect(attempts).toEqual([1, 2, 3]);
    expect(server.state.faults.size).toBe(0);
  });
});

describe("a cut connection", () => {
  it.each(cuts)("is INTERNAL to grpc-js: %s", async (cut) => {
    server.inject({ cut, nextCalls: 1 });
    const client = new Client(new URL(server.url).host, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${server.token}`);
    const request = create(CreateUserPlanStatusRequestSchema, requestOf(freshKey()));
    const error = await new Promise<ServiceError | null>((resolve) => {
      client.makeUnaryRequest(
        "/mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus",
        () => Buffer.from(toBinary(CreateUserPlanStatusRequestSchema, request)),
        (bytes) => bytes,
        request,
        metadata,
        resolve,
      );
    });
    expect(error?.code).toBe(status.INTERNAL);
    expect(server.state.faults.size).toBe(0);
    client.close();
  });

  const transports = [
    ["Connect over HTTP/1.1", createConnectTransport, "1.1"],
    ["Connect over HTTP/2", createConnectTransport, "2"],
    ["gRPC", createGrpcTransport, "2"],
    ["gRPC-Web over HTTP/1.1", createGrpcWebTransport, "1.1"],
    ["gRPC-Web over HTTP/2", createGrpcWebTransport, "2"],
  ] as const;

  it.each(transports.flatMap((each) => cuts.map((cut) => [cut, ...each] as const)))(
    "is an error of a call, and not an answer, to connect-node: %s, %s",
    async (cut, _, createTransport, httpVersion) => {
      server.inject({ cut, nextCalls: 1 });
      const transport = createTransport({ baseUrl: server.url, httpVersion } as never);
      const client = createClient(PlanStatusService, transport);
      const headers = { authorization: `Bearer ${server.token}` };
      await expect(client.createUserPlanStatus(requestOf(freshKey()), { headers })).rejects.toThrow();
      expect(server.state.faults.size).toBe(0);
    },
  );
});
