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

/** Calls a method with Node's HTTP/2 client, and returns the header lists of the response. */
async function call(method: "Check" | "Watch", service: string): Promise<Fields[]> {
  const session = connect(listener.url);
  try {
    const message = Buffer.from(JSON.stringify({ service }));
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    const stream = session.request({
      ":method": "POST",
      ":path": `/grpc.health.v1.Health/${method}`,
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
    const lists = await call(method, name);
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
