import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { fromBinary, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { Code, decodeBinaryHeader } from "@connectrpc/connect";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import { StatusSchema } from "#deps/google/rpc/status_pb.js";
import type { Fields, Received } from "./send.ts";
import { caseHeader, result, scriptedTypes } from "./service.ts";

/** A response, decoded as its protocol says. */
export type Answer = {
  readonly status: number;
  /** Without those that are decoded, and without `date` and `x-request-id`. */
  readonly headers: Fields;
  readonly trailers: Fields;
  /** Flags of the frames; undefined if the protocol has none. */
  readonly flags?: readonly number[] | undefined;
  /** Where the status of gRPC was. */
  readonly statusIn?: "headers" | "trailers" | "frame" | undefined;
  readonly error?: AnsweredError | undefined;
  /** JSON of the message without `call`. */
  readonly message?: unknown;
  /** What the implementation was told. */
  readonly call?: Call | undefined;
  /** A body that is not an answer of the protocol, in base64. */
  readonly other?: string | undefined;
  /** Whether the header tells the length of the body, which is checked. */
  readonly hasLength: boolean;
  /** What is wrong with the answer. */
  readonly problems: readonly string[];
  /** How often the implementation was called. */
  readonly calls: number;
};

export type Call = {
  readonly url?: string;
  readonly requestMethod?: string;
  readonly minutesLeft?: string;
  readonly requestHeaders?: Readonly<Record<string, string>>;
  readonly [name: string]: unknown;
};

export type AnsweredError = {
  readonly code: string;
  readonly message: string;
  /** Of which an ErrorInfo has a `reason`. */
  readonly details: readonly { readonly type: string; readonly value: string }[];
};

type Decoded = Partial<Omit<Answer, "problems">> & { readonly problems?: readonly string[] };

const decompressors: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
};

/** Decodes a response. */
export function decode(received: Received, method: string, calls: number): Answer {
  const { date: _, "x-request-id": __, "content-length": length, ...headers } = received.headers;
  const type = (received.headers["content-type"]?.[0] ?? "").toLowerCase();
  const problems = received.isCut ? ["is cut off"] : [];
  if (length !== undefined && method !== "HEAD" && String(received.body.length) !== String(length)) {
    problems.push(`has ${received.body.length} bytes, but its header says ${length}`);
  }
  const plain = { ...received, headers };
  const decoded = type.startsWith("application/grpc") ? decodeFrames(plain, type) : decodeUnary(plain, type);
  return {
    status: received.status,
    headers,
    trailers: received.trailers,
    hasLength: length !== undefined,
    ...decoded,
    problems: [...problems, ...(decoded.problems ?? [])],
    calls,
  };
}

function decodeUnary({ status, headers, body }: Received, type: string): Decoded {
  const encoding = headers["content-encoding"]?.[0];
  const bytes = decompressed(body, encoding);
  if (bytes === undefined) {
    return { problems: [`has a body that is not ${encoding}`], other: body.toString("base64") };
  }
  if (status === 200) {
    return decodeMessage(bytes, type);
  }
  const json = type === "application/json" ? parse(bytes) : undefined;
  const code = codeFromString(json?.code as string);
  if (code === undefined) {
    return { other: bytes.toString("base64") };
  }
  const details = ((json?.details ?? []) as { type: string; value: string }[]).map(({ type, value }) => ({
    type,
    value: value.replace(/=+$/, ""),
  }));
  return { error: { code: Code[code], message: (json?.message ?? "") as string, details } };
}

function parse(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

function decodeMessage(bytes: Buffer, type: string): Decoded {
  try {
    const options = { registry: scriptedTypes };
    const message = type.includes("json")
      ? fromJson(result, JSON.parse(bytes.toString()), options)
      : fromBinary(result, bytes);
    const { call, ...rest } = toJson(result, message, options) as { call?: Record<string, JsonValue> };
    return { message: rest, ...(call && { call: callOf(call) }) };
  } catch (error) {
    return { problems: [`has a message that cannot be read: ${error}`], other: bytes.toString("base64") };
  }
}

function callOf({ requestHeaders, ...call }: Record<string, JsonValue>): Call {
  const fields = (requestHeaders ?? []) as { name: string; value?: string }[];
  const headers = fields.filter(({ name }) => name !== caseHeader);
  return {
    ...call,
    requestHeaders: Object.fromEntries(headers.map(({ name, value = "" }) => [name, value])),
  };
}

function decompressed(bytes: Buffer, encoding: string | undefined): Buffer | undefined {
  try {
    return decompressors[encoding ?? ""]?.(bytes) ?? bytes;
  } catch {
    return undefined;
  }
}

const compressed = 0x01;
const trailersFlag = 0x80;

function decodeFrames({ headers, trailers, body }: Received, type: string): Decoded {
  const encoding = headers["grpc-encoding"]?.[0];
  const flags: number[] = [];
  const problems: string[] = [];
  let message: Decoded = {};
  let inFrame: Fields = {};
  let rest = body;
  while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
    const flag = rest.readUInt8(0);
    const end = 5 + rest.readUInt32BE(1);
    const content = rest.subarray(5, end);
    const bare = (flag & compressed) === 0 ? content : decompressed(content, encoding);
    flags.push(flag);
    if (bare === undefined) {
      problems.push(`has a frame that is not ${encoding}`);
    } else if ((flag & trailersFlag) === 0) {
      message = decodeMessage(bare, type);
    } else {
      inFrame = trailersOf(bare);
    }
    rest = rest.subarray(end);
  }
  if (rest.length > 0) {
    problems.push("ends within a frame");
  }
  return { flags, ...message, ...decodeStatus(headers, trailers, inFrame, problems) };
}

function decodeStatus(headers: Fields, trailers: Fields, inFrame: Fields, problems: string[]): Decoded {
  const places = { headers, trailers, frame: inFrame };
  const found = (["headers", "trailers", "frame"] as const).filter((place) => "grpc-status" in places[place]);
  const [statusIn] = found;
  if (statusIn === undefined || found.length > 1) {
    return { problems: [...problems, `has ${found.length} statuses`] };
  }
  const {
    "grpc-status": [status] = [],
    "grpc-message": [text = ""] = [],
    "grpc-status-details-bin": [bin] = [],
    ...others
  } = places[statusIn];
  const left = statusIn === "headers" ? { headers: others } : { headers, trailers: others };
  if (status === "0") {
    return { ...left, statusIn, problems };
  }
  const message = decodeURIComponent(text);
  const details = bin === undefined ? undefined : decodeBinaryHeader(bin, StatusSchema);
  if (details !== undefined && (details.message !== message || String(details.code) !== status)) {
    problems.push("has details of another status");
  }
  const error = {
    code: Code[Number(status)] ?? String(status),
    message,
    details: (details?.details ?? []).map(({ typeUrl, value }) => ({
      type: typeUrl.replace(/^.*\//, ""),
      value: Buffer.from(value).toString("base64").replace(/=+$/, ""),
    })),
  };
  return { ...left, statusIn, error, problems };
}

function trailersOf(bytes: Buffer): Fields {
  const fields: Record<string, string[]> = {};
  for (const line of bytes.toString("latin1").split("\r\n")) {
    if (line !== "") {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon);
      fields[name] = [...(fields[name] ?? []), line.slice(colon + 1).trim()];
    }
  }
  return fields;
}
