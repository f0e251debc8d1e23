import type { JsonValue } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { decodeBinaryHeader } from "@connectrpc/connect";
import type { UniversalClientFn, UniversalClientResponse } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { StatusSchema } from "#deps/google/rpc/status_pb.js";

/** Largest body of an error that is checked, in bytes. */
const maxErrorBytes = 1024 * 1024;

/**
 * Wraps the HTTP client of a Connect transport. Removes details that are malformed from the errors of unary calls, before
 * Connect reads them: it would replace the whole error, including its code.
 */
export function withReadableErrors(send: UniversalClientFn): UniversalClientFn {
  return async function sendReadable(request) {
    const response = await send(request);
    const contentType = response.header.get("content-type") ?? "";
    if (contentType.startsWith("application/grpc")) {
      repairStatus(response.header);
      return {
        ...response,
        body: withReadableTrailers(response, contentType.startsWith("application/grpc-web")),
      };
    }
    return response.status !== 200 && contentType.startsWith("application/json")
      ? readableJson(response)
      : response;
  };
}

/**
 * Removes the details of a gRPC error that are no Status, and encodes a message that is not percent-encoded. Returns
 * whether it changed a field.
 */
function repairStatus(fields: Headers): boolean {
  let changed = false;
  const message = fields.get("grpc-message");
  if (message !== null && !succeeds(() => decodeURIComponent(message))) {
    fields.set("grpc-message", encodeURIComponent(message));
    changed = true;
  }
  const details = fields.get("grpc-status-details-bin");
  const isError = (fields.get("grpc-status") ?? "0") !== "0";
  // Connect takes the code from the details.
  if (details !== null && isError && !succeeds(() => decodeBinaryHeader(details, StatusSchema).code > 0)) {
    fields.delete("grpc-status-details-bin");
    changed = true;
  }
  return changed;
}

function succeeds(read: () => unknown): boolean {
  try {
    return read() !== false;
  } catch {
    return false;
  }
}

async function* withReadableTrailers(
  { body, trailer }: UniversalClientResponse,
  inBody: boolean,
): AsyncGenerator<Uint8Array> {
  yield* inBody ? withReadableFrame(body) : body;
  repairStatus(trailer);
}

const headerLength = 5;

/** First byte of the frame of trailers, if it is not compressed (gRPC-Web, Protocol differences vs gRPC over HTTP2). */
const trailersFlag = 0x80;

/** Passes on the frames of gRPC-Web. The last one has the trailers. */
async function* withReadableFrame(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pending = Buffer.alloc(0);
  /** Bytes of a message that are passed on as they arrive. */
  let passing = 0;
  for await (const chunk of chunks) {
    pending = Buffer.concat([pending, chunk]);
    while (passing > 0 || (pending.length >= headerLength && pending[0] !== trailersFlag)) {
      passing = passing > 0 ? passing : headerLength + pending.readUInt32BE(1);
      if (pending.length === 0) {
        break;
      }
      yield pending.subarray(0, passing);
      const passed = Math.min(passing, pending.length);
      pending = pending.subarray(passed);
      passing -= passed;
    }
  }
  yield pending[0] === trailersFlag ? readableTrailers(pending) : pending;
}

function readableTrailers(frame: Buffer): Buffer {
  const fields = new Headers();
  for (const line of frame.toString("utf8", headerLength).split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0 && !succeeds(() => fields.append(line.slice(0, colon), line.slice(colon + 1).trim()))) {
      return frame;
    }
  }
  if (!repairStatus(fields)) {
    return frame;
  }
  const text = Buffer.from([...fields].map(([name, value]) => `${name}: ${value}\r\n`).join(""));
  const head = Buffer.from([trailersFlag, 0, 0, 0, 0]);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, text]);
}

/** Removes malformed details from the error of a unary Connect call. Returns other bodies as they are. */
async function readableJson(response: UniversalClientResponse): Promise<UniversalClientResponse> {
  const chunks = response.body[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let length = 0;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    read.push(next.value);
    length += next.value.length;
    if (length > maxErrorBytes) {
      return { ...response, body: continuing(read, chunks) };
    }
  }
  const coding = response.header.get("content-encoding");
  try {
    const compression = [compressionGzip, compressionBrotli].find(({ name }) => name === coding);
    const bytes = Buffer.concat(read);
    const body = compression ? await compression.decompress(bytes, maxErrorBytes) : bytes;
    const error = JSON.parse(new TextDecoder().decode(body)) as { details?: JsonValue };
    if (!Array.isArray(error.details) || error.details.every(isReadable)) {
      return { ...response, body: continuing(read) };
    }
    const header = new Headers(response.header);
    header.delete("content-encoding");
    header.delete("content-length");
    const text = JSON.stringify({ ...error, details: error.details.filter(isReadable) });
    return { ...response, header, body: continuing([Buffer.from(text)]) };
  } catch {
    return { ...response, body: continuing(read) };
  }
}

function isReadable(detail: JsonValue): boolean {
  const { type, value } = (typeof detail === "object" && detail !== null ? detail : {}) as Record<
    string,
    unknown
  >;
  return typeof type === "string" && typeof value === "string" && succeeds(() => base64Decode(value));
}

async function* continuing(
  read: readonly Uint8Array[],
  rest?: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* read;
  for (let next = await rest?.next(); next && !next.done; next = await rest?.next()) {
    yield next.value;
  }
}
