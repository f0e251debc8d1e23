import { create, type MessageShape, toBinary, toJsonString } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { GetUserPlanStatusRequestSchema } from "../../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { CreateUserPlanStatusRequestSchema } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { freshKey, parent, startTestServer, type TestServer } from "../../support/test-server.ts";
import { type Client, connectTo, type Received, type Sent } from "./equality/send.ts";
import { scripted } from "./equality/service.ts";
import { type HttpVersion, serveOurs } from "./equality/stacks.ts";

let server: TestServer;
let client: Client;
beforeAll(async () => {
  server = await startTestServer();
  client = connectTo({ port: { "HTTP/1.1": server.port, "HTTP/2": server.port } });
  await server.client("rest").createUserPlanStatus(messageOf("reader"));
});
afterAll(async () => {
  client.close();
  await server[Symbol.asyncDispose]();
});

const names = ["AbortController", "Headers", "URL", "DOMException", "Request", "Response"] as const;
const created: string[] = [];
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Counts what is created of the web's classes from now on. Node's own code does not use the globals. */
function countObjects(): void {
  created.length = 0;
  for (const name of names) {
    const original = globalThis[name] as new (...args: unknown[]) => object;
    vi.stubGlobal(
      name,
      class extends original {
        constructor(...args: unknown[]) {
          super(...args);
          created.push(name);
        }
      },
    );
  }
  const { any } = AbortSignal;
  vi.spyOn(AbortSignal, "any").mockImplementation((signals) => {
    created.push("AbortSignal.any");
    return any.call(AbortSignal, signals);
  });
}

function messageOf(userKey: string): MessageShape<typeof CreateUserPlanStatusRequestSchema> {
  const status = planStatus({ title: "x" });
  return create(CreateUserPlanStatusRequestSchema, {
    parent,
    clientId: "youtube",
    userKey,
    planStatus: status,
  });
}

function frame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

type Call = Omit<Sent, "version">;

const procedure = "/mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus";

/** Returns a push over RPC. */
function post(type: string, body: Uint8Array, headers: Sent["headers"] = []): Call {
  return { method: "POST", target: procedure, headers: [["content-type", type], ...headers], body };
}

const jsonOf = (userKey: string) =>
  Buffer.from(toJsonString(CreateUserPlanStatusRequestSchema, messageOf(userKey)));
const binaryOf = (userKey: string) => toBinary(CreateUserPlanStatusRequestSchema, messageOf(userKey));
const reading = `connect=v1&encoding=json&message=${encodeURIComponent(
  toJsonString(
    GetUserPlanStatusRequestSchema,
    create(GetUserPlanStatusRequestSchema, { parent, clientId: "youtube", userKey: "reader" }),
  ),
)}`;
const pathOf = (userKey: string) => `/v1/${parent}/clients/youtube/users/${userKey}/planStatus`;

const calls: Readonly<Record<string, (userKey: string) => Call>> = {
  "Connect JSON": (user) => post("application/json", jsonOf(user), [["connect-protocol-version", "1"]]),
  "Connect binary": (user) => post("application/proto", binaryOf(user)),
  "Connect JSON with a deadline": (user) =>
    post("application/json", jsonOf(user), [["connect-timeout-ms", "60000"]]),
  "a GET of Connect": () => ({
    method: "GET",
    target: `/mobiledataplansharing.serving.v1.PlanServingService/GetUserPlanStatus?${reading}`,
    headers: [],
    body: undefined,
  }),
  gRPC: (user) => post("application/grpc", frame(binaryOf(user)), [["te", "trailers"]]),
  "gRPC with a deadline": (user) =>
    post("application/grpc+proto", frame(binaryOf(user)), [
      ["te", "trailers"],
      ["grpc-timeout", "1M"],
    ]),
  "gRPC JSON": (user) => post("application/grpc+json", frame(jsonOf(user)), [["te", "trailers"]]),
  "gRPC-Web": (user) => post("application/grpc-web+proto", frame(binaryOf(user))),
  "grpc-web-text": (user) =>
    post("application/grpc-web-text", Buffer.from(frame(binaryOf(user)).toString("base64"))),
  "a create of REST": (user) => ({
    method: "POST",
    target: pathOf(user),
    headers: [["content-type", "application/json"]],
    body: Buffer.from(toJsonString(PlanStatusSchema, planStatus({ title: "x" }))),
  }),
  "a read of REST": () => ({ method: "GET", target: pathOf("reader"), headers: [], body: undefined }),
};

function send(version: HttpVersion, call: Call): Promise<Received> {
  const headers = [...call.headers, ["authorization", `Bearer ${server.token}`] as const];
  return client.send({ ...call, headers, version });
}

const grpcStatusOf = ({ headers, trailers, body }: Received) =>
  headers["grpc-status"]?.[0] ??
  trailers["grpc-status"]?.[0] ??
  /grpc-status: (\d+)/.exec(body.toString())?.[1];

describe.each(["HTTP/1.1", "HTTP/2"] as const)("over %s", (version) => {
  it.each(Object.keys(calls))(
    `%s creates no Headers, URL, AbortController or DOMException over ${version}`,
    async (name) => {
      const makeCall = calls[name] as (typeof calls)[string];
      // The first call loads and compiles what later calls use.
      await send(version, makeCall(freshKey()));
      countObjects();
      const received = await send(version, makeCall(freshKey()));
      const seen = [...created];
      vi.unstubAllGlobals();
      expect(received.status).toBe(200);
      expect(grpcStatusOf(received) ?? "0").toBe("0");
      expect(seen).toEqual([]);
    },
  );
});

it("an implementation that asks for its signal and its headers has them made", async () => {
  const implementation = (_: unknown, { signal, requestHeader }: HandlerContext) => {
    expect([signal.aborted, requestHeader.get("x-note")]).toEqual([false, "a"]);
    return {};
  };
  const stack = await serveOurs({
    routes: (router) => router.service(scripted, { run: implementation } as never),
  });
  const asking = connectTo(stack);
  countObjects();
  const headers: Sent["headers"] = [
    ["content-type", "application/json"],
    ["x-note", "a"],
  ];
  const body = Buffer.from("{}");
  const { status } = await asking.send({
    version: "HTTP/2",
    method: "POST",
    target: "/scripted.v1.Scripted/Run",
    headers,
    body,
  });
  const seen = [...created];
  vi.unstubAllGlobals();
  asking.close();
  await stack.close();
  expect(status).toBe(200);
  expect(seen).toEqual(["AbortController", "AbortSignal.any", "Headers"]);
});
