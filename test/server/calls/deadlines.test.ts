import { toJson } from "@bufbuild/protobuf";
import { Code, type ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Health } from "#deps/grpc/health/v1/health_pb.js";
import { ServerReflection } from "#deps/grpc/reflection/v1/reflection_pb.js";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { PlanSharingProtocol } from "../../../src/client/index.ts";
import { apiErrorOf, readApiError } from "../../support/api-error.ts";
import { callRaw, type RawAnswer } from "../../support/http/raw-call.ts";
import { openSocket } from "../../support/http/raw-socket.ts";
import { createLogLines } from "../../support/log-lines.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../../support/test-server.ts";

const log = createLogLines();
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ log: { level: "debug", destination: log } });
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

type Sent = { headers: Record<string, string>; token?: string; http2?: boolean; to?: TestServer };

function push(
  protocol: PlanSharingProtocol,
  userKey: string,
  { token, to = server, ...rest }: Sent,
): Promise<RawAnswer> {
  const status = toJson(PlanStatusSchema, planStatus());
  const common = {
    url: server.url,
    protocol,
    token: token ?? server.token,
    format: "json" as const,
    ...rest,
  };
  return protocol === "rest"
    ? callRaw({
        ...common,
        method: `POST /v1/${parent}/clients/youtube/users/${userKey}/planStatus`,
        body: JSON.stringify(status),
      })
    : callRaw({
        ...common,
        method: "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus",
        body: JSON.stringify({ parent, clientId: "youtube", userKey, planStatus: status }),
      });
}

async function isStored(userKey: string): Promise<boolean> {
  const found = server.client("rest").getUserPlanStatus({ parent, clientId: "youtube", userKey });
  return found.then(
    () => true,
    (error: ConnectError) => {
      expect(error.code).toBe(Code.NotFound);
      return false;
    },
  );
}

type Way = readonly [protocol: PlanSharingProtocol, version: string, http2: boolean];

const ways: readonly Way[] = [
  ["grpc", "HTTP/2", true],
  ...(["connect", "grpc-web", "rest"] as const).flatMap((protocol): Way[] => [
    [protocol, "HTTP/1.1", false],
    [protocol, "HTTP/2", true],
  ]),
];

const passed: readonly Record<string, string>[] = [
  ...["0n", "0u", "0m", "0S", "0M", "0H", "00000000S"].map((value) => ({ "grpc-timeout": value })),
  ...["0", "00", "0000000000"].map((value) => ({ "connect-timeout-ms": value })),
  ...["0", "0.0", "00.000000000"].map((value) => ({ "x-server-timeout": value })),
  { "x-server-timeout": "20", "grpc-timeout": "0S" },
  { "x-server-timeout": "0", "connect-timeout-ms": "20000" },
  { "grpc-timeout": "20S", "connect-timeout-ms": "0" },
];

const invalid: readonly Record<string, string>[] = [
  ...["", "0", "-1S", "1.5S", "123456789S", "5x", "5s", "S", "0S, 0S"].map((value) => ({
    "grpc-timeout": value,
  })),
  ...["", "-1", "-0", "0.5", "12345678901", "1e3", "1m", "0, 0"].map((value) => ({
    "connect-timeout-ms": value,
  })),
  ...["", "-1", ".5", "1.", "1e3", "1234567890", "1.0000000001", "soon"].map((value) => ({
    "x-server-timeout": value,
  })),
  { "x-server-timeout": "0", "grpc-timeout": "soon" },
];

describe.each(ways)("deadlines of calls over %s and %s", (protocol, _, http2) => {
  it.each(passed)(
    "a call whose timeout is zero is DEADLINE_EXCEEDED and stores nothing: %o",
    async (headers) => {
      const userKey = freshKey();
      const id = `zero-${protocol}-${http2}-${userKey}`;
      const answer = await push(protocol, userKey, { headers: { ...headers, "x-request-id": id }, http2 });
      const error = readApiError(answer.error as ConnectError);
      expect(error).toMatchObject({ code: "DeadlineExceeded", reason: "DEADLINE_PASSED" });
      expect(answer.httpStatus).toBe(protocol === "rest" || protocol === "connect" ? 504 : 200);
      expect(await isStored(userKey)).toBe(false);
      expect(await log.request(id)).toMatchObject({ code: "DEADLINE_EXCEEDED", reason: "DEADLINE_PASSED" });
    },
  );

  it.each(invalid)(
    "a call with an invalid timeout is INVALID_ARGUMENT and stores nothing: %o",
    async (headers) => {
      const userKey = freshKey();
      const answer = await push(protocol, userKey, { headers, http2 });
      const error = readApiError(answer.error as ConnectError);
      expect(error).toMatchObject({
        code: "InvalidArgument",
        reason: "REQUEST_MALFORMED",
        fields: ["header"],
      });
      expect(await isStored(userKey)).toBe(false);
    },
  );

  it.each([
    { "grpc-timeout": "99999999H" },
    { "grpc-timeout": "20000000u" },
    { "connect-timeout-ms": "9999999999" },
    { "x-server-timeout": "999999999" },
    { "x-server-timeout": "20", "connect-timeout-ms": "20000", "grpc-timeout": "20S" },
  ])("a call with a long timeout is stored: %o", async (headers) => {
    const userKey = freshKey();
    expect((await push(protocol, userKey, { headers, http2 })).error).toBeUndefined();
    expect(await isStored(userKey)).toBe(true);
  });

  it.each([{ "grpc-timeout": "0n" }, { "connect-timeout-ms": "-1" }])(
    "a call without a valid token is UNAUTHENTICATED, whatever its timeout: %o",
    async (headers) => {
      const answer = await push(protocol, freshKey(), { headers, http2, token: "invalid" });
      expect(readApiError(answer.error as ConnectError).code).toBe("Unauthenticated");
    },
  );

  it("a call whose timeout is a nanosecond is answered with success only if it is stored", async () => {
    const userKeys = Array.from({ length: 20 }, freshKey);
    for (const userKey of userKeys) {
      const { error } = await push(protocol, userKey, { headers: { "grpc-timeout": "1n" }, http2 });
      if (error === undefined) {
        expect(await isStored(userKey)).toBe(true);
      } else {
        expect(error.code).toBe(Code.DeadlineExceeded);
      }
    }
  });

  it("a call whose timeout is zero does not use up the rate of its operator", async () => {
    await using limited = await startTestServer({ limits: { operatorRate: { perSecond: 0.001, burst: 1 } } });
    const send = (headers: Record<string, string>) =>
      push(protocol, freshKey(), { headers, http2, to: limited });
    expect((await send({ "grpc-timeout": "0n" })).error?.code).toBe(Code.DeadlineExceeded);
    expect((await send({ "grpc-timeout": "20S" })).error).toBeUndefined();
  });
});

describe("deadlines of calls without a token", () => {
  const transport = () => createGrpcTransport({ baseUrl: server.url });
  const headers = { "grpc-timeout": "0S" };

  it.each(["check", "watch"] as const)(
    "a health %s whose timeout is zero is DEADLINE_EXCEEDED",
    async (name) => {
      const client = createClient(Health, transport());
      const call =
        name === "check" ? client.check({}, { headers }) : Array.fromAsync(client.watch({}, { headers }));
      expect(await apiErrorOf(call)).toMatchObject({ code: "DeadlineExceeded", reason: "DEADLINE_PASSED" });
    },
  );

  it("a question of reflection whose timeout is zero is DEADLINE_EXCEEDED", async () => {
    const client = createClient(ServerReflection, transport());
    async function* none() {}
    const call = Array.fromAsync(client.serverReflectionInfo(none(), { headers }));
    expect(await apiErrorOf(call)).toMatchObject({ code: "DeadlineExceeded", reason: "DEADLINE_PASSED" });
  });
});

it.each(protocols)("timeoutMs of zero means no deadline to the client over %s", async (protocol) => {
  const userKey = freshKey();
  const request = { parent, clientId: "youtube", userKey, planStatus: planStatus() };
  await server.client(protocol).createUserPlanStatus(request, { timeoutMs: 0 });
  expect(await isStored(userKey)).toBe(true);
});

it.each(protocols.flatMap((protocol) => [[protocol, 20_000.5] as const, [protocol, 2_000_000_000] as const]))(
  "the client over %s writes a timeout of %d ms in a form that the server accepts",
  async (protocol, timeoutMs) => {
    const userKey = freshKey();
    const request = { parent, clientId: "youtube", userKey, planStatus: planStatus() };
    await server.client(protocol).createUserPlanStatus(request, { timeoutMs });
    expect(await isStored(userKey)).toBe(true);
  },
);

it("a GET of the Connect protocol whose timeout is zero is answered with 504", async () => {
  const method = "mobiledataplansharing.serving.v1.PlanServingService/GetUserPlanStatus";
  const message = JSON.stringify({ parent, clientId: "youtube", userKey: "a" });
  const query = new URLSearchParams({ connect: "v1", encoding: "json", message });
  const headers = { authorization: `Bearer ${server.token}`, "connect-timeout-ms": "0" };
  expect((await fetch(`${server.url}/${method}?${query}`, { headers })).status).toBe(504);
});

it.each(["connect", "rest"] as const)(
  "a call over %s whose deadline passes before its body has arrived is DEADLINE_EXCEEDED and stores nothing",
  async (protocol) => {
    const userKey = freshKey();
    const status = toJson(PlanStatusSchema, planStatus());
    const [path, message] =
      protocol === "rest"
        ? [`/v1/${parent}/clients/youtube/users/${userKey}/planStatus`, status]
        : [
            "/mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus",
            { parent, clientId: "youtube", userKey, planStatus: status },
          ];
    const body = JSON.stringify(message);
    const socket = await openSocket(server.port);
    const fields = [
      "Host: a",
      "Content-Type: application/json",
      `Content-Length: ${body.length}`,
      `Authorization: Bearer ${server.token}`,
      "Connect-Timeout-Ms: 1",
      "Expect: 100-continue",
    ];
    socket.write(`POST ${path} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
    // 100 if the deadline has not passed after authorization.
    await socket.received(/^HTTP\/1\.1 (100|504) /);
    // The timer of the server's deadline, in this thread, was set earlier and ends earlier, so it has run before this one.
    await new Promise((resolve) => setTimeout(resolve, 2));
    socket.write(body);
    expect(await socket.received(/HTTP\/1\.1 504 [\s\S]*DEADLINE_PASSED|DEADLINE_PASSED/)).not.toContain(
      " 200 ",
    );
    expect(await isStored(userKey)).toBe(false);
    socket.destroy();
  },
);
