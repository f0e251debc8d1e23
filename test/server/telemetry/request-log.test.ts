import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:http2";
import { toJsonString } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { callRaw } from "../../support/http/raw-call.ts";
import { createLogLines, type LogLines } from "../../support/log-lines.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../../support/test-server.ts";

let server: TestServer;
let log: LogLines;
let requests = 0;

beforeAll(async () => {
  log = createLogLines();
  server = await startTestServer({ log: { level: "debug", destination: log } });
});
afterAll(() => server[Symbol.asyncDispose]());

const freshId = () => `request-${++requests}`;

const create = "mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus";

/** Pushes a status over REST with an id of the test's own, and returns the answer and the line. */
async function push(userKey: string, init: { headers?: Record<string, string>; body?: string } = {}) {
  const id = freshId();
  const answer = await fetch(
    `${server.url}/v1/${parent}/planStatuses?userKey=${encodeURIComponent(userKey)}`,
    {
      method: "POST",
      headers: {
        authorization: `Bearer ${server.token}`,
        "content-type": "application/json",
        "x-request-id": id,
        ...init.headers,
      },
      body: init.body ?? toJsonString(PlanStatusSchema, planStatus()),
    },
  );
  await answer.arrayBuffer();
  return { answer, line: await log.request(id) };
}

describe("the log", () => {
  it.each(protocols)(
    "the log has one line for a call over %s, with its method and outcome",
    async (protocol) => {
      const before = log.requests().length;
      await server
        .client(protocol)
        .createPlanStatus({ parent, userKey: freshKey(), planStatus: planStatus() });
      // The line of a later request shows that there is no second one of the call.
      await push(freshKey());
      const [line, ...more] = log.requests().slice(before);
      expect(more).toHaveLength(1);
      expect(line).toMatchObject({
        level: "info",
        protocol,
        httpMethod: "POST",
        method: create,
        code: "OK",
        httpStatus: 200,
        asn: 65001,
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        userKeyHash: expect.stringMatching(/^[\w-]{16}$/),
      });
      expect(line?.durationMs).toBeGreaterThan(0);
      expect(line).not.toHaveProperty("reason");
    },
  );

  it.each(protocols)("the log counts the bytes of the bodies of a call over %s", async (protocol) => {
    const before = log.requests().length;
    const client = server.client(protocol);
    const small = planStatus();
    await client.createPlanStatus({ parent, userKey: freshKey(), planStatus: small });
    await client.createPlanStatus({
      parent,
      userKey: freshKey(),
      planStatus: { ...small, title: "x".repeat(200) },
    });
    await push(freshKey());
    const [first, second] = log.requests().slice(before) as { requestBytes: number; responseBytes: number }[];
    expect(first?.requestBytes).toBeGreaterThan(40);
    // One byte more for the length of a title of more than 127 bytes, or the name of the field in JSON.
    expect((second?.requestBytes ?? 0) - (first?.requestBytes ?? 0)).toBeGreaterThanOrEqual(200);
    expect((second?.responseBytes ?? 0) - (first?.responseBytes ?? 0)).toBeGreaterThanOrEqual(200);
  });

  it.each(protocols)("the log has the code and the reason of an error over %s", async (protocol) => {
    const before = log.requests().length;
    const client = server.client(protocol);
    await client
      .createPlanStatus({ parent, userKey: freshKey(), planStatus: planStatus({ languageCode: "" }) })
      .catch(() => undefined);
    await client.createPlanGroup({ parent: "operators/7", planGroupId: "g" }).catch(() => undefined);
    await server
      .client(protocol, "wrong")
      .createPlanGroup({ parent, planGroupId: "g" })
      .catch(() => undefined);
    await push(freshKey());
    const lines = log.requests().slice(before, before + 3);
    expect(lines).toMatchObject([
      { protocol, code: "INVALID_ARGUMENT", reason: "FIELD_INVALID", asn: 65001 },
      { protocol, code: "PERMISSION_DENIED", reason: "OPERATOR_NOT_LINKED", asn: 7 },
      { protocol, code: "UNAUTHENTICATED", reason: "CREDENTIALS_INVALID" },
    ]);
  });

  it.each(protocols)(
    "the log has REQUEST_MALFORMED for a body over %s that cannot be read",
    async (protocol) => {
      const id = freshId();
      await callRaw({
        url: server.url,
        protocol,
        token: server.token,
        method:
          protocol === "rest"
            ? `POST /v1/${parent}/planGroups`
            : "mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup",
        format: "json",
        body: "{",
        headers: { "x-request-id": id },
      });
      expect(await log.request(id)).toMatchObject({
        protocol,
        code: "INVALID_ARGUMENT",
        reason: "REQUEST_MALFORMED",
      });
    },
  );

  it("the log has the code of calls that connect-node rejects over gRPC and gRPC-Web, with HTTP status 200", async () => {
    for (const protocol of ["grpc", "grpc-web"] as const) {
      const id = freshId();
      await callRaw({
        url: server.url,
        protocol,
        token: server.token,
        method: create,
        format: "json",
        body: "{}",
        encoding: "deflate",
        headers: { "x-request-id": id },
      });
      expect(await log.request(id)).toMatchObject({ protocol, httpStatus: 200, code: "UNIMPLEMENTED" });
    }
  });

  it("the log has a line for a request that is not a call, without its path, which may contain a user key", async () => {
    const id = freshId();
    const answer = await fetch(`${server.url}/v1/operators/65001/users/491700000001`, {
      headers: { "x-request-id": id },
    });
    await answer.arrayBuffer();
    const line = await log.request(id);
    expect(line).toMatchObject({
      protocol: "rest",
      httpMethod: "GET",
      method: "_OTHER",
      code: "NOT_FOUND",
      reason: "ROUTE_NOT_FOUND",
      httpStatus: 404,
    });
    expect(log.text).not.toContain("491700000001");
  });

  it("the log has CANCELLED for a caller that disconnected before the response", async () => {
    const id = freshId();
    const session = connect(server.url);
    await once(session, "connect");
    const stream = session.request({
      ":method": "POST",
      ":path": `/v1/${parent}/planGroups`,
      "content-type": "application/json",
      authorization: `Bearer ${server.token}`,
      "x-request-id": id,
    });
    stream.on("error", () => undefined);
    stream.write("{");
    await new Promise((resolve) => session.ping(resolve));
    session.destroy();
    expect(await log.request(id)).toMatchObject({ protocol: "rest", code: "CANCELLED" });
  });

  it("the log has health checks at level debug only", async () => {
    const before = log.requests().length;
    const answer = await fetch(`${server.url}/grpc.health.v1.Health/Check`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(await answer.json()).toEqual({ status: "SERVING" });
    await push(freshKey());
    expect(log.requests()[before]).toMatchObject({
      level: "debug",
      method: "grpc.health.v1.Health/Check",
      code: "OK",
    });
  });

  it("the log has documents at level debug only, and refused requests for them at info", async () => {
    const [found, refused] = [freshId(), freshId()];
    await fetch(`${server.url}/openapi.json`, { headers: { "x-request-id": found } });
    await fetch(`${server.url}/openapi.json?version=9`, { headers: { "x-request-id": refused } });
    expect(await log.request(found)).toMatchObject({ level: "debug", httpStatus: 200 });
    expect(await log.request(refused)).toMatchObject({ level: "info" });
  });
});

it("the log has the fields that docs/operations.md lists", async () => {
  const { line } = await push(freshKey(), {
    headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
    body: toJsonString(PlanStatusSchema, planStatus({ languageCode: "" })),
  });
  const docs = readFileSync(new URL("../../../docs/operations.md", import.meta.url), "utf8");
  const [, table = ""] = /<!-- begin log -->([\s\S]*)<!-- end log -->/.exec(docs) ?? [];
  const listed = [...table.matchAll(/^\| (`.+?`) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  expect(Object.keys(line).toSorted()).toEqual(listed.toSorted());
});

describe("user keys", () => {
  it("user keys never appear in the log, whatever the outcome of a call and wherever they are in it", async () => {
    const key = "491701234567/+==";
    for (const protocol of protocols) {
      const client = server.client(protocol);
      const name = `${parent}/planStatuses/491701234567%2F+==`;
      await client.createPlanStatus({ parent, userKey: key, planStatus: planStatus() });
      await client.createUserPlanStatus({
        parent,
        clientId: "youtube",
        userKey: key,
        planStatus: planStatus(),
      });
      await client.getPlanStatus({ name });
      await client
        .createPlanStatus({
          parent,
          userKey: key,
          planStatus: planStatus({ expireTime: undefined as never }),
        })
        .catch(() => undefined);
      await client.createPlanGroup({ parent, planGroupId: key });
      await client.getPlanGroup({ name: `${parent}/planGroups/none-491701234567` }).catch(() => undefined);
    }
    await push(key, { body: "{" });
    await push(key, { headers: { authorization: "Bearer x" } });
    expect(log.requests().length).toBeGreaterThan(20);
    expect(log.text).not.toContain("491701234567");
  });

  it("a user key has the same hash in every call and after a restart, and another one in another installation", async () => {
    const key = freshKey();
    const { line } = await push(key);
    const read = freshId();
    const answer = await fetch(`${server.url}/v1/${parent}/planStatuses/${key}`, {
      headers: { authorization: `Bearer ${server.token}`, "x-request-id": read },
    });
    await answer.arrayBuffer();
    expect((await log.request(read)).userKeyHash).toBe(line.userKeyHash);

    const other = createLogLines();
    await using elsewhere = await startTestServer({ log: { level: "info", destination: other } });
    await elsewhere.client("rest").createPlanGroup({ parent, planGroupId: key });
    await elsewhere.stop();
    const [there] = other.requests();
    expect(there?.userKeyHash).toMatch(/^[\w-]{16}$/);
    expect(there?.userKeyHash).not.toBe(line.userKeyHash);

    const again = createLogLines();
    await using restarted = await startTestServer({
      directory: elsewhere.directory,
      log: { level: "info", destination: again },
    });
    await restarted.client("grpc").createPlanGroup({ parent, planGroupId: key });
    await restarted.stop();
    expect(again.requests()[0]?.userKeyHash).toBe(there?.userKeyHash);
  });
});

describe("a request id", () => {
  it.each(protocols)("a request id is returned unchanged over %s", async (protocol) => {
    const id = "a1._~:/+=@-";
    const seen: (string | null)[] = [];
    await server
      .client(protocol)
      .createPlanGroup(
        { parent, planGroupId: freshKey() },
        { headers: { "x-request-id": id }, onHeader: (headers) => seen.push(headers.get("x-request-id")) },
      );
    expect(seen).toEqual([id]);
    expect(await log.request(id)).toMatchObject({ code: "OK" });
  });

  it("a request id is created if none was sent, or one with unsafe characters", async () => {
    const ids = new Set<string | null>();
    for (const sent of [undefined, "", "with blank", "x".repeat(129), "{}"]) {
      const answer = await fetch(`${server.url}/none`, {
        headers: sent === undefined ? {} : { "x-request-id": sent },
      });
      await answer.arrayBuffer();
      ids.add(answer.headers.get("x-request-id"));
    }
    expect(ids.size).toBe(5);
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    }
  });

  it("a request id is in the responses of the token endpoint, errors included", async () => {
    for (const path of [`/v1/${parent}/planGroups`, "/token", `/${create}`]) {
      const answer = await fetch(server.url + path, {
        method: "POST",
        headers: { "x-request-id": "mine", "content-type": "application/json" },
        body: "{}",
      });
      await answer.arrayBuffer();
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.headers.get("x-request-id"), path).toBe("mine");
    }
  });
});

it.each([
  [
    "from the caller",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "0af7651916cd43dd8448eb211c80319c",
  ],
  [
    "with a later version",
    "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
    "0af7651916cd43dd8448eb211c80319c",
  ],
  ["that is none", "00-00000000000000000000000000000000-b7ad6b7169203331-01", undefined],
  ["that is malformed", "0af7651916cd43dd8448eb211c80319c", undefined],
])("the log line has the trace id of a traceparent %s", async (_, traceparent, traceId) => {
  const { line } = await push(freshKey(), { headers: { traceparent } });
  expect(line.traceId).toBe(traceId);
});

it("a request over HTTP/2 that is answered before its body has arrived is logged when it is answered", async () => {
  const session = connect(server.url);
  const stream = session.request({
    ":method": "POST",
    ":path": `/v1/${parent}/planGroups`,
    "x-request-id": "early",
  });
  stream.resume().write("{");
  expect(await log.request("early")).toMatchObject({ httpStatus: 401 });
  expect(stream.closed).toBe(false);
  session.destroy();
});
