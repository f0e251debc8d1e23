/** The program of the interop suite for connect-node. The harness starts it; see ../README.md. */
import { readFileSync } from "node:fs";
import {
  createRegistry,
  type DescMethodUnary,
  equals,
  fromBinary,
  fromJson,
  type Message,
} from "@bufbuild/protobuf";
import { ConnectError, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { CodeSchema } from "#deps/google/rpc/code_pb.js";
import { BadRequestSchema, ErrorInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { methodOf, type VectorCase, type Vectors } from "../../vectors/case.ts";

const { MDPS_ENDPOINT: baseUrl = "", MDPS_VECTORS = "", MDPS_TOKENS = "" } = process.env;
const { cases } = JSON.parse(readFileSync(MDPS_VECTORS, "utf8")) as Vectors;
const tokens = JSON.parse(MDPS_TOKENS) as Record<string, string>;

const binary = { baseUrl, useBinaryFormat: true, defaultTimeoutMs: 20_000 };
const json = { ...binary, useBinaryFormat: false };
const transports: Readonly<Record<string, Transport>> = {
  grpc: createGrpcTransport(binary),
  "grpc json": createGrpcTransport(json),
  "grpc-web": createGrpcWebTransport({ ...binary, httpVersion: "1.1" }),
  "grpc-web json": createGrpcWebTransport({ ...json, httpVersion: "1.1" }),
  connect: createConnectTransport({ ...binary, httpVersion: "1.1" }),
  "connect json": createConnectTransport({ ...json, httpVersion: "1.1" }),
};

for (const [protocol, transport] of Object.entries(transports)) {
  for (const form of ["json", "binary"]) {
    for (const each of cases) {
      const why = await run(transport, form, each).catch(String);
      console.log(JSON.stringify({ protocol, form, case: each.name, ok: why === undefined, why }));
    }
  }
}

/** Sends a case. Returns the problem of the answer, if any. */
async function run(transport: Transport, form: string, each: VectorCase): Promise<string | undefined> {
  const method = methodOf(each);
  const request =
    form === "json"
      ? fromJson(method.input, each.request)
      : fromBinary(method.input, Buffer.from(each.requestBinary, "base64"));
  const token = tokens[each.token];
  if (token === undefined && each.token !== "none") {
    return `MDPS_TOKENS has no ${each.token}`;
  }
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  try {
    const { message } = await transport.unary(method, undefined, undefined, headers, request);
    return compareResponse(method, each, message);
  } catch (cause) {
    return compareError(each, ConnectError.from(cause));
  }
}

function compareResponse({ output }: DescMethodUnary, each: VectorCase, got: Message): string | undefined {
  if (each.response === undefined) {
    return `expected code ${each.error?.code}, got OK`;
  }
  const same = equals(output, got, fromJson(output, each.response), {
    // An unknown field is a difference, too.
    unknown: true,
    registry: createRegistry(),
  });
  return same ? undefined : `expected ${JSON.stringify(each.response)}, got another message`;
}

function compareError({ error: expected }: VectorCase, got: ConnectError): string | undefined {
  const code = CodeSchema.value[got.code]?.name;
  if (code !== expected?.code) {
    return `expected code ${expected?.code ?? "OK"}, got ${code}: ${got.rawMessage}`;
  }
  const reason = got.findDetails(ErrorInfoSchema)[0]?.reason;
  if (expected?.reason !== undefined && reason !== expected.reason) {
    return `expected reason ${expected.reason}, got ${reason}`;
  }
  const violations = got
    .findDetails(BadRequestSchema)
    .flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field));
  const wanted = expected?.violations ?? [];
  return JSON.stringify(violations) === JSON.stringify(wanted)
    ? undefined
    : `expected violations ${JSON.stringify(wanted)}, got ${JSON.stringify(violations)}`;
}
