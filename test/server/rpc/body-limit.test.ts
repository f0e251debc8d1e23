import { Agent, type IncomingMessage, request } from "node:http";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CreateUserPlanStatusRequestSchema } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { apiErrorOf, readApiError } from "../../support/api-error.ts";
import { fullMessage } from "../../support/full-message.ts";
import { callRaw, type RawCall } from "../../support/http/raw-call.ts";
import { fromNow, hour, planStatus } from "../../support/plan-statuses.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../../support/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const clientId = "youtube";
const limit = 1024 * 1024;

/** Compresses quickly. */
function compress(data: string | Buffer, encoding: "gzip" | "br"): Buffer {
  const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
  return encoding === "gzip" ? gzipSync(data) : brotliCompressSync(data, quick);
}

const bombs = {
  gzip: compress(Buffer.alloc(64 * limit, " "), "gzip"),
  br: compress(Buffer.alloc(64 * limit, " "), "br"),
};

describe.each(protocols)("over %s", (protocol) => {
  const isRest = protocol === "rest";
  const isFramed = protocol === "grpc" || protocol === "grpc-web";

  const push = (userKey: string, call: Pick<RawCall, "body" | "format"> & Partial<RawCall>) =>
    callRaw({
      url: server.url,
      token: server.token,
      protocol,
      method: isRest
        ? `POST /v1/${parent}/clients/${clientId}/users/${userKey}/planStatus`
        : "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus",
      ...call,
    });

  /** The text of a good push, filled with blanks up to a size in bytes. */
  function jsonOf(userKey: string, bytes: number): string {
    const status = planStatus();
    const request = { parent, clientId, userKey, planStatus: status };
    const text = isRest
      ? toJsonString(PlanStatusSchema, status)
      : toJsonString(CreateUserPlanStatusRequestSchema, create(CreateUserPlanStatusRequestSchema, request));
    return text.padEnd(bytes);
  }

  const tooLarge = {
    code: "ResourceExhausted",
    reason: "REQUEST_TOO_LARGE",
    metadata: { maxBytes: "1048576" },
    message: "the request body must not be larger than 1048576 bytes",
  };
  const httpStatus = isRest ? 413 : isFramed ? 200 : 429;

  async function expectTooLarge(userKey: string, call: Pick<RawCall, "body" | "format"> & Partial<RawCall>) {
    const answer = await push(userKey, call);
    expect(answer.httpStatus).toBe(httpStatus);
    if (answer.error === undefined) {
      expect.fail("the push was not rejected");
    }
    expect(readApiError(answer.error)).toMatchObject(tooLarge);
    const read = server.client("connect").getUserPlanStatus({ parent, clientId, userKey });
    expect(await apiErrorOf(read)).toMatchObject({ reason: "PLAN_STATUS_NOT_FOUND" });
  }

  it(`accepts a body of exactly the limit over ${protocol}`, async () => {
    const userKey = freshKey();
    const body = jsonOf(userKey, limit);
    expect((await push(userKey, { format: "json", body })).error).toBeUndefined();
  });

  it(`rejects a body one byte above the limit over ${protocol}`, async () => {
    const userKey = freshKey();
    await expectTooLarge(userKey, { format: "json", body: jsonOf(userKey, limit + 1) });
  });

  it(`rejects a body of four times the limit over ${protocol}`, async () => {
    const userKey = freshKey();
    await expectTooLarge(userKey, { format: "json", body: jsonOf(userKey, 4 * limit) });
  });

  it.each(["gzip", "br"] as const)(
    `limits the decompressed size of a body compressed with %s over ${protocol}`,
    async (encoding) => {
      const good = freshKey();
      const answer = await push(good, {
        format: "json",
        encoding,
        body: compress(jsonOf(good, limit), encoding),
      });
      expect(answer.error).toBeUndefined();
      const userKey = freshKey();
      await expectTooLarge(userKey, {
        format: "json",
        encoding,
        body: compress(jsonOf(userKey, limit + 1), encoding),
      });
      await expectTooLarge(userKey, {
        format: "json",
        encoding,
        body: bombs[encoding],
      });
    },
  );

  it(`accepts and returns a status with every field over ${protocol}`, async () => {
    const userKey = freshKey();
    const largest = fullMessage(PlanStatusSchema, "語");
    largest.updateTime = fromNow(0);
    largest.expireTime = fromNow(hour);
    const request = { parent, clientId, userKey, planStatus: largest };
    const answer = await server.client(protocol).createUserPlanStatus(request);
    expect(answer.plans).toHaveLength(16);
    expect(
      await server
        .client(protocol)
        .getUserPlanStatus({ parent, clientId, userKey, includeUiIncompatible: true }),
    ).toEqual(answer);
  });
});

describe.each(["connect", "grpc", "grpc-web"] as const)("binary over %s", (protocol) => {
  it(`limits binary messages over ${protocol} to the byte`, async () => {
    const overhead = 5;
    const text = (length: number) =>
      planStatus({ name: "x".repeat(length) /* ignored on input, and has no limit of its own */ });
    const bytesOf = (length: number) =>
      toBinary(
        CreateUserPlanStatusRequestSchema,
        create(CreateUserPlanStatusRequestSchema, {
          parent,
          clientId,
          userKey: "k",
          planStatus: text(length),
        }),
      );
    const room = limit - bytesOf(limit).length + limit;
    const send = (body: Uint8Array) =>
      callRaw({
        url: server.url,
        token: server.token,
        protocol,
        method: "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus",
        format: "binary",
        body,
      });
    expect(bytesOf(room)).toHaveLength(limit);
    expect((await send(bytesOf(room))).error).toBeUndefined();
    for (const more of [1, overhead, overhead + 1]) {
      const { error } = await send(bytesOf(room + more));
      expect(error && readApiError(error)).toMatchObject({ reason: "REQUEST_TOO_LARGE" });
    }
  });
});

describe("after a body that was too large", () => {
  const rest = `/v1/${parent}/planStatuses?userKey=k`;
  const rpc = "/mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus";

  it.each([
    ["REST", rest, "application/json"],
    ["Connect", rpc, "application/proto"],
    ["gRPC-Web", rpc, "application/grpc-web+proto"],
  ])(
    "after a body that was too large, the next request over %s succeeds, on the same connection or a new one",
    async (_, path, contentType) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const send = (target: string, type: string, body: Buffer, chunked: boolean) =>
        new Promise<IncomingMessage>((resolve, reject) => {
          const headers = {
            "content-type": type,
            authorization: `Bearer ${server.token}`,
            ...(!chunked && { "content-length": body.length }),
          };
          const sent = request(server.url + target, { agent, method: "POST", headers }, (response) => {
            response.resume();
            response.on("end", () => resolve(response));
          });
          sent.on("error", reject);
          sent.end(body);
        });
      for (const chunked of [true, false]) {
        await send(path, contentType, Buffer.alloc(4 * limit), chunked);
        const body = Buffer.from(toJsonString(PlanStatusSchema, planStatus()));
        expect((await send(rest, "application/json", body, false)).statusCode).toBe(200);
      }
      agent.destroy();
    },
  );
});

it("a server with its own maxRequestBytes enforces it over every protocol", async () => {
  await using own = await startTestServer({ limits: { maxRequestBytes: 200 } });
  for (const protocol of protocols) {
    const client = own.client(protocol);
    const push = (title: string) =>
      client.createPlanStatus({ parent, userKey: "k", planStatus: planStatus({ title }) });
    await push("short");
    expect(await apiErrorOf(push("x".repeat(200)))).toMatchObject({
      reason: "REQUEST_TOO_LARGE",
      metadata: { maxBytes: "200" },
    });
  }
});
