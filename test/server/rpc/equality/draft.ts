import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Sent } from "./send.ts";
import type { HttpVersion } from "./stacks.ts";

export type Protocol = "Connect" | "Connect GET" | "gRPC" | "gRPC-Web";
export type Codec = "json" | "proto";

/** A frame of gRPC or gRPC-Web. */
type Frame = { flags: number; content: Buffer /** Defaults to that of the content. */; length?: number };

/** A valid request, before it is edited. */
export type Base = {
  readonly version: HttpVersion;
  readonly protocol: Protocol;
  readonly codec: Codec;
  readonly procedure: "Run" | "Read" | "Absent";
  /** The serialized message. */
  readonly message: Buffer;
  readonly encoding: "gzip" | "br" | undefined;
  /** Of GET. */
  readonly base64: boolean;
  readonly headers: readonly (readonly [string, string])[];
};

/** A request that is being made. */
export type Draft = {
  readonly base: Base;
  method: string;
  path: string;
  /** Values are not percent-encoded yet. */
  query: [name: string, value: string | Buffer][];
  headers: [name: string, value: string][];
  message: Buffer;
  /** One for Connect, whose flags are not sent. */
  frames: Frame[];
  body: Buffer;
};

/** Makes a request odd, or invalid. */
export type Oddity = {
  /** What is odd: the condition of known differences. */
  readonly name: string;
  /** What is edited: the message before it is compressed, what follows it, or the head of the request. */
  readonly step: "message" | "content" | "head";
  readonly appliesTo?: (base: Base) => boolean;
  /** `pick` chooses among variants. */
  readonly edit: (draft: Draft, pick: Pick) => void;
};

/** Returns one of the values. */
export type Pick = <T>(values: readonly T[]) => T;

const fastest = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const compress = { gzip: gzipSync, br: (bytes: Buffer) => brotliCompressSync(bytes, fastest) };

/** Returns the content type of a protocol. */
export function contentTypeOf(protocol: Protocol, codec: Codec): string {
  switch (protocol) {
    case "gRPC":
      return `application/grpc+${codec}`;
    case "gRPC-Web":
      return `application/grpc-web+${codec}`;
    default:
      return `application/${codec}`;
  }
}

/** The header that names the encoding of request messages, and the one of those that are accepted. */
export function encodingHeadersOf(protocol: Protocol): { encoding: string; accept: string } {
  return protocol === "gRPC" || protocol === "gRPC-Web"
    ? { encoding: "grpc-encoding", accept: "grpc-accept-encoding" }
    : { encoding: "content-encoding", accept: "accept-encoding" };
}

export function isFramed({ protocol }: Base): boolean {
  return protocol === "gRPC" || protocol === "gRPC-Web";
}

export function isGet({ protocol }: Base): boolean {
  return protocol === "Connect GET";
}

/** Sets a header, in the place of one of the same name. */
export function setHeader(draft: Draft, name: string, ...values: string[]): void {
  draft.headers = draft.headers.filter(([each]) => each.toLowerCase() !== name.toLowerCase());
  draft.headers.push(...values.map((value): [string, string] => [name, value]));
}

export function setQuery(draft: Draft, name: string, ...values: (string | Buffer)[]): void {
  draft.query = draft.query.filter(([each]) => each !== name);
  draft.query.push(...values.map((value): [string, string | Buffer] => [name, value]));
}

/** Makes a request from a valid one and what is to be odd about it. */
export function makeRequest(base: Base, oddities: readonly Oddity[], pick: Pick): Sent {
  const draft = draftOf(base);
  const edit = (step: Oddity["step"]) => {
    for (const oddity of oddities.filter((each) => each.step === step)) {
      oddity.edit(draft, pick);
    }
  };
  edit("message");
  const content = base.encoding === undefined ? draft.message : compress[base.encoding](draft.message);
  draft.frames = [{ flags: base.encoding === undefined ? 0 : 1, content }];
  edit("content");
  draft.body = isFramed(base)
    ? Buffer.concat(draft.frames.map(writeFrame))
    : (draft.frames[0]?.content ?? Buffer.alloc(0));
  if (isGet(base)) {
    setQuery(draft, "message", base.base64 ? draft.body.toString("base64url") : draft.body);
  }
  edit("head");
  const query = draft.query
    .map(([name, value]) => `${encodeURIComponent(name)}=${percentEncoded(value)}`)
    .join("&");
  return {
    version: base.version,
    method: draft.method,
    target: query === "" ? draft.path : `${draft.path}?${query}`,
    headers: draft.headers,
    body: draft.method === "GET" || draft.method === "HEAD" ? undefined : draft.body,
  };
}

function draftOf(base: Base): Draft {
  const { protocol, codec, encoding, procedure, message } = base;
  const draft: Draft = {
    base,
    method: isGet(base) ? "GET" : "POST",
    path: `/scripted.v1.Scripted/${procedure}`,
    query: [],
    headers: [...base.headers].map(([name, value]) => [name, value]),
    message,
    frames: [],
    body: Buffer.alloc(0),
  };
  if (isGet(base)) {
    draft.query.push(["connect", "v1"], ["encoding", codec]);
    draft.query.push(...(base.base64 ? [["base64", "1"] as [string, string]] : []));
    draft.query.push(...(encoding === undefined ? [] : [["compression", encoding] as [string, string]]));
    return draft;
  }
  setHeader(draft, "content-type", contentTypeOf(protocol, codec));
  if (encoding !== undefined) {
    setHeader(draft, encodingHeadersOf(protocol).encoding, encoding);
  }
  if (protocol === "gRPC") {
    setHeader(draft, "te", "trailers");
  }
  if (protocol === "Connect") {
    setHeader(draft, "connect-protocol-version", "1");
  }
  return draft;
}

function writeFrame({ flags, content, length = content.length }: Frame): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, content]);
}

function percentEncoded(value: string | Buffer): string {
  return typeof value === "string"
    ? encodeURIComponent(value)
    : [...value]
        .map((byte) =>
          /[\w.~-]/.test(String.fromCharCode(byte))
            ? String.fromCharCode(byte)
            : `%${byte.toString(16).padStart(2, "0")}`,
        )
        .join("");
}
