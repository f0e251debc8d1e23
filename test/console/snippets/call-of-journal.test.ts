import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  CallSchema,
  Call_Protocol as Protocol,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { GetPlanStatusRequestSchema } from "../../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { callOfJournal } from "../../../src/console/snippets/call-of-journal.ts";
import { curlSnippet } from "../../../src/console/snippets/curl.ts";
import { typescriptSnippet } from "../../../src/console/snippets/typescript.ts";

const origin = "http://127.0.0.1:8080";
const authorization = { name: "authorization", value: "Bearer" };

function callOf(init: MessageInitShape<typeof CallSchema>) {
  return callOfJournal(create(CallSchema, { httpMethod: "POST", target: "/", ...init }), origin);
}

describe("a call of the journal that ended before its message was read", () => {
  it("has the message of its path and body over REST", () => {
    const body = '{"languageCode": "en"}';
    const common = {
      protocol: Protocol.REST,
      reason: "CREDENTIALS_MISSING",
      operator: "operators/65001",
      userKey: "a/b%",
      body: { case: "bodyText", value: body },
      bodySize: BigInt(body.length),
    } as const;
    const named = (method: string, clientId = "") => callOf({ ...common, method, clientId }).message;
    expect(named("mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus", "youtube")).toBe(
      `{"parent":"operators/65001","clientId":"youtube","userKey":"a/b%","planStatus":${body}}`,
    );
    expect(named("mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup")).toBe(
      '{"parent":"operators/65001","languageCode": "en"}',
    );
    expect(named("mobiledataplansharing.serving.v1.PlanServingService/GetPlanGroup")).toBe(
      '{"name":"operators/65001/planGroups/a%2Fb%25"}',
    );
  });

  it("has the message of its bytes over gRPC and Connect, as far as they arrived", () => {
    const name = "operators/65001/planStatuses/a";
    const bytes = toBinary(GetPlanStatusRequestSchema, create(GetPlanStatusRequestSchema, { name }));
    const framed = Uint8Array.of(0, 0, 0, 0, bytes.length, ...bytes);
    const method = "mobiledataplansharing.serving.v1.PlanServingService/GetPlanStatus";
    const read = (protocol: Protocol, value: Uint8Array) =>
      callOf({ protocol, method, reason: "CREDENTIALS_INVALID", body: { case: "bodyBytes", value } }).message;
    expect(read(Protocol.GRPC, framed)).toBe(`{"name":"${name}"}`);
    expect(read(Protocol.GRPC_WEB, framed)).toBe(`{"name":"${name}"}`);
    expect(read(Protocol.CONNECT, bytes)).toBe(`{"name":"${name}"}`);
    expect(read(Protocol.GRPC, framed.subarray(0, 9))).toBeUndefined();
  });

  it("has the message of its base64 over gRPC-Web, also in padded pieces", () => {
    const name = "operators/65001/planStatuses/a";
    const bytes = toBinary(GetPlanStatusRequestSchema, create(GetPlanStatusRequestSchema, { name }));
    const text =
      Buffer.of(0, 0, 0, 0, bytes.length).toString("base64") + Buffer.from(bytes).toString("base64");
    const read = (value: string) =>
      callOf({
        protocol: Protocol.GRPC_WEB,
        method: "mobiledataplansharing.serving.v1.PlanServingService/GetPlanStatus",
        reason: "CREDENTIALS_MISSING",
        body: { case: "bodyText", value },
        bodySize: BigInt(value.length),
      }).message;
    expect(read(text)).toBe(`{"name":"${name}"}`);
    expect(read("not base64!!")).toBeUndefined();
  });
});

describe("the credentials of a call of the journal", () => {
  const access = (init: MessageInitShape<typeof CallSchema>) =>
    callOf({ operator: "operators/7", headers: [authorization], ...init }).access;

  it("are a token for its operator, if it had one that was accepted", () => {
    expect(access({})).toEqual({ kind: "token", operator: "operators/7" });
  });

  it("are those that fail in the same way", () => {
    expect(access({ headers: [] })).toEqual({ kind: "headers", values: [] });
    expect(
      access({ reason: "CREDENTIALS_INVALID", headers: [{ name: "authorization", value: "Basic" }] }),
    ).toEqual({
      kind: "headers",
      values: ["Basic invalid"],
    });
    expect(access({ headers: [authorization, authorization] })).toEqual({
      kind: "headers",
      values: ["Bearer invalid", "Bearer invalid"],
    });
    expect(access({ reason: "SCOPE_INSUFFICIENT", method: "x/GetPlanStatus" })).toMatchObject({
      scopes: ["push"],
    });
    expect(access({ reason: "OPERATOR_NOT_LINKED" })).toMatchObject({ operator: "operators/65001" });
  });
});

describe("the snippets of an emulator that is not on this machine", () => {
  it("are curl, and for TypeScript the reason that the client sends no token in cleartext", () => {
    const call = {
      ...callOf({
        protocol: Protocol.CONNECT,
        method: "mobiledataplansharing.serving.v1.PlanServingService/GetPlanStatus",
        requestJson: '{"name":"operators/65001/planStatuses/a"}',
        headers: [authorization],
      }),
      origin: "http://mdps-dev:8080",
    };
    expect(curlSnippet(call)).toEqual({
      text: expect.stringContaining("http://mdps-dev:8080/emulator/v1/tokens"),
    });
    expect(typescriptSnippet(call)).toEqual({ reason: expect.stringContaining("loopback") });
    expect(typescriptSnippet({ ...call, origin: "https://mdps-dev" })).toHaveProperty("text");
  });
});
