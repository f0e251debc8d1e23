import type { IncomingHttpHeaders } from "node:http";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression, UniversalServerRequest } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { answeredAs } from "../../contract/api-error.ts";
import { isJson } from "../../transcoding/index.ts";
import { chunkReader, frameHeaderLength, isChunks, readFrames, readWhole } from "./frames.ts";
import { malformedBody, protocolError, tooLarge } from "./request-errors.ts";

/** Content codings that RPC requests may use. */
export const rpcCompressions: Compression[] = [compressionGzip, compressionBrotli];

/** How a protocol encloses messages in a body. */
type Framing = {
  /** The header with the encoding of compressed messages, and the one with the encodings that are accepted. */
  readonly encoding: string;
  readonly acceptEncoding: string;
  /** See {@link readFrames}; undefined if the body is one message without a frame. */
  readonly endFlag: number | undefined;
};

const unary: Framing = {
  encoding: "content-encoding",
  acceptEncoding: "accept-encoding",
  endFlag: undefined,
};
const stream: Framing = {
  encoding: "connect-content-encoding",
  acceptEncoding: "connect-accept-encoding",
  endFlag: 0x02,
};
const grpc: Framing = { encoding: "grpc-encoding", acceptEncoding: "grpc-accept-encoding", endFlag: 0 };
const grpcWeb: Framing = { ...grpc, endFlag: 0x80 };

type Layout = { readonly json: boolean; readonly framing: Framing };

const layouts: ReadonlyMap<string, Layout> = new Map([
  ["application/json", { json: true, framing: unary }],
  ["application/proto", { json: false, framing: unary }],
  ["application/connect+json", { json: true, framing: stream }],
  ["application/connect+proto", { json: false, framing: stream }],
  ["application/grpc", { json: false, framing: grpc }],
  ["application/grpc+proto", { json: false, framing: grpc }],
  ["application/grpc+json", { json: true, framing: grpc }],
  ["application/grpc-web", { json: false, framing: grpcWeb }],
  ["application/grpc-web+proto", { json: false, framing: grpcWeb }],
  ["application/grpc-web+json", { json: true, framing: grpcWeb }],
]);

/** The body of an RPC request. */
export type RequestBody = {
  /** Whether its messages are JSON, otherwise binary. */
  readonly json: boolean;
  readonly framed: boolean;
  /** The decompressed bytes of each message, as soon as it has arrived. Throws if they cannot be read. */
  readonly messages: AsyncIterable<Uint8Array>;
};

/**
 * Opens the body of a request; undefined if connect-node does not read it either. Removes those headers that describe what
 * was sent, and not the placeholders that connect-node gets. `limit`: most bytes of a decompressed message. `takesOne`:
 * whether the method takes one message.
 */
export function openBody(
  { method, header, body }: UniversalServerRequest,
  limit: number,
  takesOne: boolean,
): RequestBody | undefined {
  const layout = layoutOf(header);
  if (layout === undefined || method !== "POST" || !isChunks(body)) {
    return undefined;
  }
  const { json, framing } = layout;
  const { endFlag } = framing;
  const encoding = takeEncoding(header, framing);
  const most = endFlag === undefined ? limit : limit + frameHeaderLength;
  const isTooLarge = takesOne && Number(header.get("content-length")) > most;
  header.delete("content-length");
  return { json, framed: endFlag !== undefined, messages: readMessages() };

  async function* readMessages(): AsyncGenerator<Uint8Array> {
    // By the header if it tells: a client that expects 100 (Continue) need not send the body.
    if (isTooLarge) {
      throw tooLarge(limit);
    }
    if (encoding === "unknown") {
      const known = rpcCompressions.map(({ name }) => name).join(", ");
      throw protocolError(Code.Unimplemented, `${framing.encoding} must be one of ${known}, identity`);
    }
    const next = chunkReader(body as AsyncIterable<Uint8Array>);
    if (endFlag === undefined) {
      const content = await readWhole(next, limit);
      yield encoding === undefined ? content : await decompress(content, encoding, limit);
      return;
    }
    let count = 0;
    for await (const { content, compressed } of readFrames(next, limit, endFlag, !takesOne)) {
      count += 1;
      if (takesOne && count > 1) {
        throw protocolError(Code.Unimplemented, "the request has several messages, but the method takes one");
      }
      yield compressed ? await decompress(content, encoding, limit, !takesOne) : content;
    }
    if (takesOne && count === 0) {
      throw protocolError(Code.Unimplemented, "the request has no message, but the method takes one");
    }
  }
}

/**
 * Returns the layout of the content type; undefined if there is none. Of JSON, removes the parameters that REST accepts,
 * because connect-node compares them as texts. It rejects the others.
 */
function layoutOf(header: Headers): Layout | undefined {
  const [name = "", ...parameters] = (header.get("content-type") ?? "").split(";");
  const type = name.trim().toLowerCase();
  const layout = layouts.get(type);
  if (parameters.length > 0 && layout?.json && isJson(["application/json", ...parameters].join(";"))) {
    header.set("content-type", type);
  }
  return layout;
}

/**
 * Returns the compression that a header names, and removes it if connect-node must not apply it, because it is unknown or
 * because what connect-node gets is not compressed.
 */
function takeEncoding(
  header: Headers,
  { encoding, acceptEncoding, endFlag }: Framing,
): Compression | "unknown" | undefined {
  const name = header.get(encoding);
  if (name === null || name === "identity") {
    return undefined;
  }
  const compression = rpcCompressions.find((each) => each.name === name) ?? "unknown";
  // Frames say for themselves that they are not compressed.
  if (compression === "unknown" || endFlag === undefined) {
    header.delete(encoding);
    // Without this header, connect-node compresses responses like requests.
    if (compression !== "unknown" && !header.get(acceptEncoding)) {
      header.set(acceptEncoding, name);
    }
  }
  return compression;
}

/**
 * Returns the response header with the known encodings, if a request names an unknown one. connect-node would drop it from
 * the error.
 */
export function acceptedEncodings(headers: IncomingHttpHeaders): readonly (readonly [string, string])[] {
  return [unary, stream, grpc].flatMap(({ encoding, acceptEncoding }) => {
    const name = headers[encoding];
    const isKnown =
      name === undefined || name === "identity" || rpcCompressions.some((each) => each.name === name);
    return isKnown ? [] : [[acceptEncoding, rpcCompressions.map((each) => each.name).join(",")] as const];
  });
}

async function decompress(
  content: Uint8Array,
  compression: Compression | undefined,
  limit: number,
  inStream = false,
): Promise<Uint8Array> {
  if (compression === undefined) {
    // gRPC compression.md, and Connect alike: INTERNAL.
    throw answeredAs(
      malformedBody("is marked as compressed, but no header names its encoding"),
      Code.Internal,
    );
  }
  try {
    return await compression.decompress(content, limit);
  } catch (error) {
    const { code } = ConnectError.from(error);
    throw code === Code.ResourceExhausted ? tooLarge(limit, inStream) : malformedBody("does not decompress");
  }
}
