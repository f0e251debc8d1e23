import { once } from "node:events";
import { connect } from "node:http2";
import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, StringValueSchema } from "@bufbuild/protobuf/wkt";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createClient,
  createContextValues,
  decodeBinaryHeader,
} from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  HelpSchema,
  RetryInfoSchema,
} from "#deps/google/rpc/error_details_pb.js";
import { StatusSchema } from "#deps/google/rpc/status_pb.js";
import { Health, HealthCheckResponse_ServingStatus } from "#deps/grpc/health/v1/health_pb.js";
import { limitViolations } from "../../../src/contract/field-violation.ts";
import { type Listener, listen } from "../../../src/server/connections/listener.ts";
import { createRpcHandler } from "../../../src/server/rpc/handler.ts";
import { maxHeaderListBytes } from "../../../src/server/rpc/status-size.ts";
import { parent, startTestServer, type TestServer } from "../../support/test-server.ts";

/** The size at which clients lose an error. */
const clientLimit = 8_192;

const list = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, at) => make(at));
const violationsOf = (count: number, field: string, description: string) =>
  list(count, (at) => ({ field: `${field}${at}`, description }));

type Details = [DescMessage, MessageInitShape<DescMessage>][];
type Case = { message?: string; details?: Details; metadata?: Record<string, string> };

const info = (metadata: Record<string, string> = {}): Details[number] => [
  ErrorInfoSchema,
  { reason: "FIELD_INVALID", domain: "mobile-data-plan-sharing", metadata } as never,
];
const request = (fieldViolations: unknown): Details[number] => [
  BadRequestSchema,
  { fieldViolations } as never,
];
const limited = (count: number, field: string, description: string) =>
  request(limitViolations(violationsOf(count, field, description)));

const scripts = { "1 byte": "a", "2 bytes": "é", "3 bytes": "計", "4 bytes": "😀" };

const cases: Record<string, Case> = {
  "a short error": { message: "no", details: [info()] },
  "an error without details and a long message": { message: "計".repeat(20_000) },
  "a message of characters that are percent-encoded": { message: " ".repeat(9_000), details: [info()] },
  "long metadata of the ErrorInfo": {
    details: [info({ resource: "計".repeat(5_000), maxBytes: "5", key: "é".repeat(300) })],
  },
  "many entries of metadata": {
    details: [
      info(Object.fromEntries(list(500, (at) => [`key${at}`, `value ${at}`]))),
      limited(100, "f", "is bad"),
    ],
  },
  "a large detail of another type": {
    details: [info(), [StringValueSchema, { value: "x".repeat(20_000) } as never], limited(3, "f", "is bad")],
  },
  "many small details": {
    details: [
      info(),
      ...list(200, (at): Details[number] => [
        HelpSchema,
        { links: [{ url: `https://example.com/${at}` }] } as never,
      ]),
      limited(40, "f", "is bad"),
    ],
  },
  "one violation that is too large": {
    details: [info(), request([{ field: "計".repeat(9_000), description: "😀".repeat(9_000) }])],
  },
  "10,000 violations": { details: [info(), request(violationsOf(10_000, "f", "is bad"))] },
  "violations that were limited before": {
    details: [info(), limited(1_000, "計".repeat(40), "is not a field")],
  },
  "retry information beside violations": {
    details: [
      info(),
      limited(100, "é".repeat(200), "計".repeat(100)),
      [RetryInfoSchema, { retryDelay: durationFromMs(1_500) } as never],
    ],
  },
  "response headers of the error": {
    details: [info(), limited(100, "x".repeat(60), "is not a field")],
    metadata: { "x-note": "n".repeat(1_500), "retry-after": "3" },
  },
  ...Object.fromEntries(
    Object.entries(scripts).flatMap(([name, character]) =>
      [1, 16, 60, 255, 256, 300].map((length): [string, Case] => {
        const field = character.repeat(length);
        return [
          `names of ${length} characters of ${name}`,
          {
            message: `${field}0 is not a field of PlanStatus (and 99 more)`,
            details: [info({ field }), limited(100, field, `is not a field of ${field}`)],
          },
        ];
      }),
    ),
  ),
};

function errorOf(name: string): ConnectError {
  const { message = "the request is invalid", details = [], metadata } = cases[name] ?? {};
  const error = new ConnectError(message, Code.InvalidArgument, metadata);
  error.details.push(...details.map(([desc, value]) => ({ desc, value: create(desc, value) as never })));
  return error;
}

let listener: Listener;

beforeAll(async () => {
  const { handle } = createRpcHandler({
    routes: (router: ConnectRouter) => {
      router.service(Health, {
        check: ({ service }) => Promise.reject(errorOf(service)),
        async *watch({ service }) {
          yield { status: HealthCheckResponse_ServingStatus.SERVING };
          throw errorOf(service);
        },
      });
    },
    interceptors: [],
    requestGate: async () => {},
    readMaxBytes: 1024 * 1024,
    shutdownSignal: new AbortController().signal,
    contextValues: () => createContextValues(),
  });
  listener = await listen({ host: "127.0.0.1", port: 0 }, (incoming, response) => {
    response.setHeader("x-request-id", "r".repeat(128));
    handle(incoming, response);
  });
});
afterAll(() => listener.close(1_000));

type Fields = NodeJS.Dict<string | string[]>;

/** Returns the size that HTTP/2 clients count: RFC 9113 6.5.2. */
function listSize(fields: Fields): number {
  return Object.entries(fields)
    .flatMap(([name, value]) => [value].flat().map((each) => [name, String(each)]))
    .reduce(
      (sum, [name = "", value = ""]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value) + 32,
      0,
    );
}

type GrpcCall = { url: string; path: string; json: unknown; headers?: Record<string, string> };

/** Sends a gRPC call with Node's HTTP/2 client, and returns the header lists of the response. */
async function call({ url, path, json, headers }: GrpcCall): Promise<Fields[]> {
  const session = connect(url);
  try {
    const message = Buffer.from(JSON.stringify(json));
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    const stream = session.request({
      ...headers,
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc+json",
      te: "trailers",
    });
    const lists: Fields[] = [];
    stream.on("response", (fields) => lists.push({ ...fields } as Fields));
    stream.on("trailers", (fields) => lists.push({ ...fields } as Fields));
    stream.resume().end(Buffer.concat([head, message]));
    await once(stream, "close");
    return lists;
  } finally {
    session.close();
  }
}

describe.each(["Check", "Watch"] as const)("the status of a gRPC call of %s", (method) => {
  it.each(Object.keys(cases))(`the header lists of ${method} have less than 8 KiB for %s`, async (name) => {
    const lists = await call({
      url: listener.url,
      path: `/grpc.health.v1.Health/${method}`,
      json: { service: name },
    });
    expect(lists).toHaveLength(method === "Check" ? 1 : 2);
    for (const fields of lists) {
      expect(listSize(fields)).toBeLessThanOrEqual(maxHeaderListBytes);
    }
    expect(maxHeaderListBytes).toBeLessThan(clientLimit);
    const status = lists.at(-1) ?? {};
    expect(status["grpc-status"]).toBe(String(Code.InvalidArgument));
    const text = decodeURIComponent(String(status["grpc-message"]));
    const original = errorOf(name);
    expect(original.rawMessage.startsWith(text.replace(/…$/, ""))).toBe(true);
    if (original.details.length > 0) {
      const details = decodeBinaryHeader(String(status["grpc-status-details-bin"]), StatusSchema);
      expect(details).toMatchObject({ code: Code.InvalidArgument, message: text });
    }
  });
});

function grpcJsError(service: string): Promise<ServiceError> {
  const client = new Client(new URL(listener.url).host, credentials.createInsecure());
  return new Promise((resolve) => {
    const encode = (name: string) =>
      Buffer.from([0x0a, ...varint(Buffer.byteLength(name)), ...Buffer.from(name)]);
    client.makeUnaryRequest(
      "/grpc.health.v1.Health/Check",
      encode,
      (bytes) => bytes,
      service,
      new Metadata(),
      {},
      (error) => {
        client.close();
        resolve(error as ServiceError);
      },
    );
  });
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)];
}

describe("grpc-js", () => {
  it.each(Object.keys(cases))(
    "grpc-js reads the code, the ErrorInfo and the violations of %s",
    async (name) => {
      const error = await grpcJsError(name);
      expect(error.code).toBe(Code.InvalidArgument);
      const [bytes] = error.metadata.get("grpc-status-details-bin") as Buffer[];
      const expected = errorOf(name).findDetails(BadRequestSchema)[0]?.fieldViolations;
      const status = bytes && decodeBinaryHeader(bytes.toString("base64"), StatusSchema);
      const received = new ConnectError("", error.code as number as Code);
      received.details =
        status?.details.map(({ typeUrl, value }) => ({ type: typeUrl.slice(20), value })) ?? [];
      expect(received.findDetails(ErrorInfoSchema).map(({ reason }) => reason)).toEqual(
        errorOf(name)
          .findDetails(ErrorInfoSchema)
          .map(({ reason }) => reason),
      );
      const violations = received.findDetails(BadRequestSchema)[0]?.fieldViolations;
      expect(numberOf(violations)).toBe(numberOf(expected));
      expect(violations?.[0]?.field.slice(0, 20)).toBe(expected?.[0]?.field.slice(0, 20));
    },
  );
});

/** Returns the number of violations, with those that the last one stands for. */
function numberOf(violations: readonly { description: string }[] | undefined): number {
  const more = /^has (\d+) more/.exec(violations?.at(-1)?.description ?? "")?.[1];
  return (violations?.length ?? 0) + (more === undefined ? 0 : Number(more) - 1);
}

describe.each([
  ["gRPC-Web", createGrpcWebTransport],
  ["Connect", createConnectTransport],
] as const)("the status of a %s call", (protocol, createTransport) => {
  it.each(Object.keys(cases))(`${protocol} sends the whole status in the body for %s`, async (service) => {
    const client = createClient(Health, createTransport({ baseUrl: listener.url, httpVersion: "1.1" }));
    const error = ConnectError.from(await client.check({ service }).catch((cause: unknown) => cause));
    const sent = errorOf(service);
    expect([error.code, error.rawMessage, error.details.length]).toEqual([
      sent.code,
      sent.rawMessage,
      sent.details.length,
    ]);
    for (const schema of [
      ErrorInfoSchema,
      BadRequestSchema,
      RetryInfoSchema,
      HelpSchema,
      StringValueSchema,
    ] as DescMessage[]) {
      expect(error.findDetails(schema) as Message[]).toEqual(sent.findDetails(schema));
    }
  });
});

it("connect-node reads the same details over gRPC as were sent, if they fit", async () => {
  const client = createClient(Health, createGrpcTransport({ baseUrl: listener.url }));
  const error = ConnectError.from(
    await client.check({ service: "a short error" }).catch((cause: unknown) => cause),
  );
  expect(error.findDetails(ErrorInfoSchema)).toEqual(errorOf("a short error").findDetails(ErrorInfoSchema));
});

describe("requests with long names", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const service = "/mobiledataplansharing.v1.PlanStatusService";
  const keys = (name: string, count = 100) => Object.fromEntries(list(count, (at) => [name + at, 1]));
  const requests = (name: string): Record<string, [path: string, json: unknown]> => ({
    "unknown fields": [`${service}/CreatePlanStatus`, { parent, userKey: "u", planStatus: keys(name) }],
    "unknown fields of the request": [`${service}/CreatePlanStatus`, keys(name)],
    "unknown fields in many plans": [
      `${service}/CreatePlanStatus`,
      { parent, userKey: "u", planStatus: { plans: list(20, () => keys(name, 20)) } },
    ],
    "values that violate the rules": [
      `${service}/CreatePlanStatus`,
      {
        parent,
        userKey: name,
        planStatus: {
          languageCode: name,
          title: name,
          plans: list(50, () => ({ planId: name, planName: name, planModules: [{ moduleName: name }] })),
        },
      },
    ],
    "a parent that is no operator": [
      `${service}/CreatePlanStatus`,
      { parent: `operators/${name}`, userKey: name },
    ],
    "a resource that does not exist": [
      "/mobiledataplansharing.serving.v1.PlanServingService/GetPlanStatus",
      { name: `operators/65001/planStatuses/${encodeURIComponent(name)}` },
    ],
    "an id of a plan group": [
      "/mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup",
      { parent, planGroupId: name, planGroup: keys(name, 3) },
    ],
  });

  it.each(
    Object.entries(scripts).flatMap(([script, character]) =>
      [20, 64, 200, 2_000].flatMap((length) =>
        Object.entries(requests(character.repeat(length))).map(
          ([what, [path, json]]) => [what, length, script, path, json] as const,
        ),
      ),
    ),
  )("the error for %s with names of %i characters of %s has less than 8 KiB over gRPC", async (...each) => {
    const [, , , path, json] = each;
    const authorization = `Bearer ${server.token}`;
    const headers = { authorization, "x-request-id": "r".repeat(64) };
    const [fields = {}, ...others] = await call({ url: server.url, path, json, headers });
    expect(others).toEqual([]);
    expect(Number(fields["grpc-status"])).toBeGreaterThan(0);
    expect(listSize(fields)).toBeLessThanOrEqual(maxHeaderListBytes);
    const status = decodeBinaryHeader(String(fields["grpc-status-details-bin"]), StatusSchema);
    expect(status.details.map(({ typeUrl }) => typeUrl)).toContain(
      "type.googleapis.com/google.rpc.ErrorInfo",
    );
    expect(status.message).toBe(decodeURIComponent(String(fields["grpc-message"])));
    expect(server.failures).toEqual([]);
  });
});
