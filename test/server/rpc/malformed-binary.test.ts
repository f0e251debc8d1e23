import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type CreateUserPlanStatusRequest,
  CreateUserPlanStatusRequestSchema,
} from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { apiErrorOf, expectNoInternals, type ReceivedError, readApiError } from "../../support/api-error.ts";
import { callRaw, type RawCall } from "../../support/http/raw-call.ts";
import { accountInfo, plan, planModule, planStatus } from "../../support/plan-statuses.ts";
import { freshKey, parent, startTestServer, type TestServer } from "../../support/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const clientId = "youtube";
const method = "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus";

type RequestInit = { userKey: string; planStatus?: CreateUserPlanStatusRequest["planStatus"] };

function requestBytes({ userKey, planStatus: status = planStatus() }: RequestInit): Uint8Array {
  const request = { parent, clientId, userKey, planStatus: status };
  return toBinary(CreateUserPlanStatusRequestSchema, create(CreateUserPlanStatusRequestSchema, request));
}

/** Field numbers with their wire types, as they stand before a value. */
const userKeyTag = 0x1a;
const planStatusTag = 0x22;

function field(tag: number, bytes: readonly number[]): Uint8Array {
  return Uint8Array.of(tag, bytes.length, ...bytes);
}

const isFramed = (protocol: string) => protocol !== "connect";

describe.each(["connect", "grpc", "grpc-web"] as const)("binary over %s", (protocol) => {
  const push = (call: Partial<RawCall> & Pick<RawCall, "body">) =>
    callRaw({ url: server.url, token: server.token, protocol, method, format: "binary", ...call });

  async function rejected(
    userKey: string,
    call: Partial<RawCall> & Pick<RawCall, "body">,
  ): Promise<ReceivedError> {
    const answer = await push(call);
    expect(answer.httpStatus).toBe(isFramed(protocol) ? 200 : 400);
    expectNoInternals(answer.text);
    if (answer.error === undefined) {
      expect.fail("the push was not rejected");
    }
    const rejection = readApiError(answer.error);
    expect(rejection.code).toBe("InvalidArgument");
    const read = server.client("connect").getUserPlanStatus({ parent, clientId, userKey });
    expect(await apiErrorOf(read), "nothing is stored").toMatchObject({ reason: "PLAN_STATUS_NOT_FOUND" });
    return rejection;
  }

  it(`accepts the valid binary request of these tests over ${protocol}`, async () => {
    expect(await push({ body: requestBytes({ userKey: freshKey() }) })).toMatchObject({
      httpStatus: 200,
      error: undefined,
    });
  });

  it.each<[string, (good: Uint8Array) => Uint8Array]>([
    ["cut off", (good) => good.subarray(0, -1)],
    ["of text", () => Buffer.from("this is no protobuf")],
    ["of JSON", () => Buffer.from(`{"parent":"${parent}"}`)],
    ["with a length beyond its end", (good) => Buffer.concat([good, Uint8Array.of(userKeyTag, 100, 0x61)])],
    ["with a varint that does not end", (good) => Buffer.concat([good, Buffer.alloc(11, 0xff)])],
    ["with a field of number 0", (good) => Buffer.concat([good, Uint8Array.of(0x02, 0x00)])],
    ["with a wire type that does not exist", (good) => Buffer.concat([good, Uint8Array.of(0x0e)])],
    ["with the end of a group that did not begin", (good) => Buffer.concat([good, Uint8Array.of(0x0c)])],
    ["with groups 100,000 levels deep", () => Buffer.alloc(100_000, 0x7b)],
    ["with a text that is no UTF-8", (good) => Buffer.concat([good, field(userKeyTag, [0xc3, 0x28])])],
    ["with an overlong UTF-8 slash", (good) => Buffer.concat([good, field(userKeyTag, [0xc0, 0xaf])])],
    ["with half a surrogate pair", (good) => Buffer.concat([good, field(userKeyTag, [0xed, 0xa0, 0x80])])],
    ["with a broken message inside", (good) => Buffer.concat([good, field(planStatusTag, [0x1a, 0x7f])])],
  ])(`rejects binary %s over ${protocol} with REQUEST_MALFORMED`, async (_, spoil) => {
    const userKey = freshKey();
    const rejection = await rejected(userKey, { body: spoil(requestBytes({ userKey })) });
    expect(rejection).toMatchObject({
      reason: "REQUEST_MALFORMED",
      violations: [`body: must be the binary form of ${CreateUserPlanStatusRequestSchema.typeName}`],
    });
  });

  it(`rejects binary that does not decompress over ${protocol} with REQUEST_MALFORMED`, async () => {
    const userKey = freshKey();
    const rejection = await rejected(userKey, { body: requestBytes({ userKey }), encoding: "gzip" });
    expect(rejection).toMatchObject({
      reason: "REQUEST_MALFORMED",
      violations: [
        "body: does not decompress: it is damaged, cut off, or not what the header of its encoding names",
      ],
    });
  });

  it(`reads an empty binary body over ${protocol} as a request without fields`, async () => {
    const rejection = await rejected("none", { body: "" });
    expect(rejection.fields).toEqual(["parent", "clientId", "userKey", "planStatus"]);
  });

  it.each<[string, bigint, number]>([
    ["before year 1", -62_135_596_801n, 0],
    ["after year 9999", 253_402_300_800n, 0],
    ["at the end of int64", 2n ** 63n - 1n, 0],
    ["at the beginning of int64", -(2n ** 63n), 0],
    ["with negative nanoseconds", 1_772_370_000n, -1],
    ["with a whole second of nanoseconds", 1_772_370_000n, 1_000_000_000],
  ])(`reports every Timestamp %s in binary over ${protocol}`, async (_, seconds, nanos) => {
    const userKey = freshKey();
    const time = create(TimestampSchema, { seconds, nanos });
    const status = planStatus({
      expireTime: time,
      updateTime: time,
      accountInfo: accountInfo({ validUntil: time }),
      plans: [plan({ expirationTime: time, planModules: [planModule({ expirationTime: time })] })],
    });
    const rejection = await rejected(userKey, { body: requestBytes({ userKey, planStatus: status }) });
    expect(rejection.reason).toBe("FIELD_INVALID");
    expect(rejection.fields.toSorted()).toEqual([
      "planStatus.accountInfo.validUntil",
      "planStatus.expireTime",
      "planStatus.plans[0].expirationTime",
      "planStatus.plans[0].planModules[0].expirationTime",
      "planStatus.updateTime",
    ]);
  });

  it(`reports the field with an undefined enum number in binary over ${protocol}`, async () => {
    const userKey = freshKey();
    const status = planStatus({ uiCompatibility: 77 as never });
    const rejection = await rejected(userKey, { body: requestBytes({ userKey, planStatus: status }) });
    expect(rejection.fields).toEqual(["planStatus.uiCompatibility"]);
  });
});

describe.each(["grpc", "grpc-web"] as const)("frames over %s", (protocol) => {
  const send = (body: Uint8Array, encoding?: "gzip") =>
    callRaw({
      url: server.url,
      token: server.token,
      protocol,
      method,
      format: "binary",
      body,
      unframed: true,
      ...(encoding && { encoding }),
    });
  const good = () => requestBytes({ userKey: freshKey() });
  const bad = Buffer.from("this is no protobuf");
  const trailers = encodeEnvelope(0x80, new Uint8Array());

  it.each<[string, () => Uint8Array, string]>([
    ["that end within the header", () => Uint8Array.of(0, 0, 0), "but ends within one"],
    ["that end within the message", () => encodeEnvelope(0, good()).subarray(0, -1), "but ends within one"],
    [
      "with a trailer frame after an invalid message",
      // Only gRPC-Web has frames of trailers.
      () => Buffer.concat([encodeEnvelope(0, bad), ...(protocol === "grpc-web" ? [trailers] : [])]),
      "must be the binary form",
    ],
  ])(`rejects frames %s over ${protocol} with INVALID_ARGUMENT`, async (_, body, expected) => {
    const { error } = await send(body());
    if (error === undefined) {
      expect.fail("the push was not rejected");
    }
    expect(readApiError(error)).toMatchObject({
      code: "InvalidArgument",
      reason: "REQUEST_MALFORMED",
      violations: [expect.stringContaining(expected)],
    });
  });

  it(`reads one of many messages for a unary method over ${protocol}`, async () => {
    const bomb = encodeEnvelope(1, gzipSync(Buffer.alloc(2 ** 20), { level: 9 }));
    const many = Buffer.concat([
      encodeEnvelope(0, good()),
      encodeEnvelope(0, good()),
      ...Array(900).fill(bomb),
    ]);
    expect(many.length).toBeLessThan(2 ** 20);
    expect((await send(many, "gzip")).error?.message).toMatch(/^\[unimplemented\]/);
  });

  it(`rejects two messages, or none, for a unary method over ${protocol} with UNIMPLEMENTED`, async () => {
    const two = Buffer.concat([encodeEnvelope(0, good()), encodeEnvelope(0, good())]);
    const second = Buffer.concat([encodeEnvelope(0, good()), encodeEnvelope(0, bad)]);
    for (const body of [two, second, new Uint8Array()]) {
      expect((await send(body)).error?.message).toMatch(/^\[unimplemented\]/);
    }
  });
});

describe("a frame of trailers", () => {
  it("accepts a trailer frame after the message over gRPC-Web", async () => {
    const userKey = freshKey();
    const trailers = encodeEnvelope(0x80, Buffer.from("x-test: 1\r\n"));
    const { error } = await callRaw({
      url: server.url,
      token: server.token,
      protocol: "grpc-web",
      method,
      format: "binary",
      body: Buffer.concat([encodeEnvelope(0, requestBytes({ userKey })), trailers]),
      unframed: true,
    });
    expect(error).toBeUndefined();
    await server.client("connect").getUserPlanStatus({ parent, clientId, userKey });
  });
});
