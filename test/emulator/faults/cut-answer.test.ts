import { once } from "node:events";
import { request as requestHttp } from "node:http";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { create, toBinary, toJson } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CreateUserPlanStatusRequestSchema } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createPlanSharingClient, type PlanSharingProtocol } from "../../../src/client/index.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import { decodeWebText } from "../../support/http/raw-call.ts";
import { openSocket } from "../../support/http/raw-socket.ts";
import {
  fromNow,
  hour,
  type PlanStatusInit,
  plan,
  planModule,
  planStatus,
} from "../../support/plan-statuses.ts";
import { freshKey, parent } from "../../support/test-server.ts";
import { type FaultyServer, startFaultyServer } from "./faulty-server.ts";

const servers: Record<"cleartext" | "TLS", FaultyServer | undefined> = {
  cleartext: undefined,
  TLS: undefined,
};
beforeAll(async () => {
  servers.cleartext = await startFaultyServer();
  servers.TLS = await startFaultyServer({ tls: testCertificate });
});
afterEach(() => {
  for (const server of Object.values(servers)) {
    server?.state.faults.clear();
  }
});
afterAll(async () => {
  for (const server of Object.values(servers)) {
    expect(server?.failures).toEqual([]);
    await server?.[Symbol.asyncDispose]();
  }
});

/** Plans whose status is compressed. */
const longPlans = Array.from({ length: 128 }, (_, index) =>
  plan({ planId: `plan-${index}`, planModules: [planModule({ description: "x".repeat(300) })] }),
);

/** A protocol, or the form of gRPC-Web whose bodies are base64. */
type Form = PlanSharingProtocol | "grpc-web-text";

/** A push of the status of a user, with a body in the form of a protocol. */
type Sent = { path: string; headers: Record<string, string>; body: Buffer };

function pushOf(protocol: Form, userKey: string, init: PlanStatusInit = {}): Sent {
  const status = planStatus(init);
  if (protocol === "rest") {
    return {
      path: `/v1/${parent}/clients/youtube/users/${userKey}/planStatus`,
      headers: { "content-type": "application/json" },
      body: Buffer.from(JSON.stringify(toJson(PlanStatusSchema, status))),
    };
  }
  const message = toBinary(
    CreateUserPlanStatusRequestSchema,
    create(CreateUserPlanStatusRequestSchema, { parent, clientId: "youtube", userKey, planStatus: status }),
  );
  const types = {
    connect: "application/proto",
    grpc: "application/grpc",
    "grpc-web": "application/grpc-web+proto",
    "grpc-web-text": "application/grpc-web-text",
  };
  const body = Buffer.from(protocol === "connect" ? message : encodeEnvelope(0, message));
  return {
    path: "/mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus",
    headers: { "content-type": types[protocol] },
    body: protocol === "grpc-web-text" ? Buffer.from(body.toString("base64")) : body,
  };
}

/** What a client has received of an answer. Status 0: no header. */
type Received = {
  status: number;
  headers: Readonly<Record<string, unknown>>;
  body: Buffer;
  /** Whether the answer ended before its end. */
  isCut: boolean;
};

type Send = (sent: Sent, headers?: Record<string, string>) => Promise<Received>;

const nothing: Received = { status: 0, headers: {}, body: Buffer.alloc(0), isCut: true };

/** Sends requests over HTTP/1.1, each on a connection of its own. */
function http1Of({ url, token }: FaultyServer): Send {
  const agent = new HttpsAgent({ ca: testCertificate.cert });
  return ({ path, headers, body }, others) =>
    new Promise((resolve, reject) => {
      const send = url.startsWith("https:") ? requestHttps : requestHttp;
      const init = {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, ...headers, ...others },
        ...(url.startsWith("https:") && { agent }),
      };
      const sending = send(new URL(path, url), init, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", () => {});
        response.on("close", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
            isCut: !response.complete,
          }),
        );
      });
      sending.on("error", (error: NodeJS.ErrnoException) =>
        error.code === "ECONNRESET" ? resolve(nothing) : reject(error),
      );
      sending.end(body);
    });
}

/** Sends requests over HTTP/2, all on one connection. */
function http2Of({ token }: FaultyServer, session: ClientHttp2Session): Send {
  return ({ path, headers, body }, others) =>
    new Promise((resolve) => {
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        te: "trailers",
        authorization: `Bearer ${token}`,
        ...headers,
        ...others,
      });
      const chunks: Buffer[] = [];
      let received: Record<string, unknown> = {};
      stream.on("response", (header) => {
        received = header;
      });
      stream.on("trailers", (trailers) => {
        received = { ...received, ...trailers };
      });
      stream.on("data", (chunk) => chunks.push(chunk));
      stream.on("error", () => {});
      stream.on("close", () =>
        resolve({
          status: Number(received[":status"] ?? 0),
          headers: received,
          body: Buffer.concat(chunks),
          isCut: stream.rstCode === constants.NGHTTP2_INTERNAL_ERROR,
        }),
      );
      stream.end(body);
    });
}

type Way = readonly [protocol: Form, version: "HTTP/1.1" | "HTTP/2", port: "cleartext" | "TLS"];

const ways: readonly Way[] = [
  ...(["cleartext", "TLS"] as const).flatMap((port) => [
    ...(["rest", "connect", "grpc-web"] as const).map((protocol): Way => [protocol, "HTTP/1.1", port]),
    ...(["rest", "connect", "grpc-web", "grpc"] as const).map((protocol): Way => [protocol, "HTTP/2", port]),
  ]),
  ["grpc-web-text", "HTTP/1.1", "cleartext"],
  ["grpc-web-text", "HTTP/2", "cleartext"],
];

describe.each(ways)("an answer of %s over %s, %s,", (protocol, version, port) => {
  let server: FaultyServer;
  let session: ClientHttp2Session;
  let send: Send;
  beforeAll(() => {
    server = servers[port] as FaultyServer;
    session = connect(server.url, { ca: testCertificate.cert });
    send = version === "HTTP/1.1" ? http1Of(server) : http2Of(server, session);
  });
  afterAll(() => session.destroy());

  async function isStored(userKey: string): Promise<boolean> {
    server.state.faults.clear();
    const client = createPlanSharingClient({
      endpoint: server.url,
      protocol: "rest",
      token: server.token,
      ca: testCertificate.cert,
    });
    const { code } = await client.getUserPlanStatus({ parent, clientId: "youtube", userKey }).then(
      () => ({ code: undefined }),
      (error: ConnectError) => error,
    );
    expect([undefined, Code.NotFound]).toContain(code);
    return code === undefined;
  }

  /** Whether the client can go on: on the same connection over HTTP/2, on another one over HTTP/1.1. */
  async function expectOthersToWork(): Promise<void> {
    expect((await send(pushOf(protocol, freshKey()))).isCut).toBe(false);
    expect(session.closed).toBe(false);
  }

  it("is cut before the push is stored", async () => {
    const { name } = server.inject({ cut: "BEFORE_PROCESSING" });
    const userKey = freshKey();
    expect(await send(pushOf(protocol, userKey))).toEqual(nothing);
    expect(server.state.faults.list()).toMatchObject([{ name, matchedCalls: 1n, affectedCalls: 1n }]);
    expect(await isStored(userKey)).toBe(false);
    await expectOthersToWork();
  });

  it("is lost after the push is stored, and the same push succeeds", async () => {
    server.inject({ cut: "BEFORE_ANSWER", nextCalls: 1 });
    const sent = pushOf(protocol, freshKey());
    expect(await send(sent)).toEqual(nothing);
    const retried = await send(sent);
    expect(retried).toMatchObject({ status: 200, isCut: false });
    const answered = protocol === "grpc-web-text" ? decodeWebText(retried.body) : retried.body;
    expect(answered.toString("latin1")).toContain("planStatuses/user-");
    await expectOthersToWork();
  });

  it("is cut within its body, behind the header of the whole answer", async () => {
    const sent = pushOf(protocol, freshKey(), { title: "ü".repeat(400) });
    const whole = await send(sent);
    server.inject({ cut: "WITHIN_ANSWER", nextCalls: 1 });
    const half = await send(sent);
    expect(half).toMatchObject({ status: 200, isCut: true });
    expect(half.body).toEqual(whole.body.subarray(0, whole.body.length >> 1));
    const { date: _, "x-request-id": id, "grpc-status": status, ...header } = whole.headers;
    expect([id, status ?? "0"]).toEqual([expect.any(String), "0"]);
    expect(half.headers).toMatchObject(header);
    await expectOthersToWork();
  });

  it("is cut within its body if it is an error", async () => {
    const userKey = freshKey();
    await send(pushOf(protocol, userKey));
    const stale = pushOf(protocol, userKey, { updateTime: fromNow(-hour) });
    const whole = await send(stale);
    server.inject({ cut: "WITHIN_ANSWER", nextCalls: 1 });
    const half = await send(stale);
    expect(half).toMatchObject({ status: whole.status, isCut: true });
    expect(half.headers["grpc-status"]).toBeUndefined();
    expect(half.body).toEqual(whole.body.subarray(0, whole.body.length >> 1));
    expect(half.headers["content-length"]).toBe(whole.headers["content-length"]);
  });

  it("is cut within its compressed body", async () => {
    const sent = pushOf(protocol, freshKey(), { title: "ü".repeat(1_024), plans: longPlans });
    const prefix = protocol.startsWith("grpc") ? "grpc-" : "";
    const coding = `${prefix || "content-"}encoding`;
    const accept = { [`${prefix}accept-encoding`]: "gzip" };
    const whole = await send(sent, accept);
    expect(whole.headers[coding]).toBe("gzip");
    server.inject({ cut: "WITHIN_ANSWER", nextCalls: 1 });
    const half = await send(sent, accept);
    expect(half.isCut).toBe(true);
    expect(half.body).toEqual(whole.body.subarray(0, whole.body.length >> 1));
  });
});

describe("a cut", () => {
  const server = () => servers.cleartext as FaultyServer;

  it("resets only its own stream of HTTP/2, while another call is in flight", async () => {
    const session = connect(server().url);
    const send = http2Of(server(), session);
    const { path, headers, body } = pushOf("rest", freshKey());
    const other = session.request({
      ":method": "POST",
      ":path": path,
      authorization: `Bearer ${server().token}`,
      ...headers,
    });
    other.write(body.subarray(0, 10));
    server().inject({ cut: "BEFORE_ANSWER", nextCalls: 1 });
    expect(await send(pushOf("rest", freshKey()))).toEqual(nothing);
    other.end(body.subarray(10));
    const [header] = await once(other, "response");
    expect(header[":status"]).toBe(200);
    session.destroy();
  });

  it.each([
    ["ends a connection of HTTP/1.1, as a client sees the end of a server", "1.1", undefined],
    [
      "resets a connection of HTTP/1.0, where the end of a connection is the end of an answer",
      "1.0",
      "ECONNRESET",
    ],
  ])("%s", async (_, version, code) => {
    server().inject({ cut: "BEFORE_ANSWER", nextCalls: 1 });
    const { path, headers, body } = pushOf("rest", freshKey());
    const { socket, write, closed } = await openSocket(server().port);
    const ended = Promise.race([
      once(socket, "end").then(() => undefined),
      new Promise((resolve) => socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code))),
    ]);
    write(Buffer.concat([headOf(path, { ...headers, "content-length": body.length }, version), body]));
    expect(await ended).toBe(code);
    expect(await closed()).toBe("");
  });

  it("lets the answers to earlier requests of the connection arrive first", async () => {
    const [first, second, third] = [freshKey(), freshKey(), freshKey()];
    server().inject({ cut: "BEFORE_PROCESSING", match: { userKey: second } });
    const { write, closed } = await openSocket(server().port);
    for (const { path, headers, body } of [first, second, third].map((key) => pushOf("rest", key))) {
      write(Buffer.concat([headOf(path, { ...headers, "content-length": body.length }, "1.1"), body]));
    }
    const text = await closed();
    expect(text.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
    expect(text).toContain(`/${first}"`);
  });
});

function headOf(path: string, headers: Readonly<Record<string, string | number>>, version: string): Buffer {
  const all = { host: "localhost", authorization: `Bearer ${servers.cleartext?.token}`, ...headers };
  const fields = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/${version}\r\n${fields.join("")}\r\n`);
}
