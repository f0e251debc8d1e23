import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression, UniversalServerRequest } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError, invalidFields } from "../../contract/api-error.ts";
import { type FieldViolation, summarizeViolations } from "../../contract/field-violation.ts";
import { listLimitOf } from "../../plans/list-limits.ts";
import { createJsonChecker } from "../../transcoding/index.ts";
import { callFactsKey, settleOutcome } from "../telemetry/call-facts.ts";
import { createBinaryCheck } from "./binary-check.ts";
import { frameHeaderLength, isChunks, messagesInFrames } from "./frames.ts";
import { postOfGet } from "./get.ts";

/** Content codings that RPC requests may use. */
export const rpcCompressions: Compression[] = [compressionGzip, compressionBrotli];

type Layout = {
  readonly json: boolean;
  /** How messages are framed. */
  readonly frames: "none" | "grpc" | "grpc-web";
};

const layouts: ReadonlyMap<string, Layout> = new Map([
  ["application/json", { json: true, frames: "none" }],
  ["application/proto", { json: false, frames: "none" }],
  ["application/grpc", { json: false, frames: "grpc" }],
  ["application/grpc+proto", { json: false, frames: "grpc" }],
  ["application/grpc+json", { json: true, frames: "grpc" }],
  ["application/grpc-web", { json: false, frames: "grpc-web" }],
  ["application/grpc-web+proto", { json: false, frames: "grpc-web" }],
  ["application/grpc-web+json", { json: true, frames: "grpc-web" }],
]);

/**
 * Creates the check for a unary method: the body of the request that it returns is checked when it is read, and errors
 * are answered in the protocol of the caller. connect-node accepts JSON that REST rejects here (30 February becomes a day in
 * March), answers malformed binary with INTERNAL, HTTP 500, although it is an error of the caller, and gives no reason
 * for a body that is too large. It has no hook for any of this, so the body is checked before connect-node reads it.
 */
export function createBodyCheck(method: DescMethod, limit: number) {
  const checkJson = createJsonChecker(method.input, listLimitOf);
  const checkBinary = createBinaryCheck(method.input, listLimitOf);
  const isReading = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  return function checkBody(received: UniversalServerRequest): UniversalServerRequest {
    const request = received.method === "GET" && isReading ? postOfGet(received) : received;
    const contentType = request.header.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
    const layout = layouts.get(contentType);
    const { body } = request;
    if (layout === undefined || request.method !== "POST" || !isChunks(body)) {
      return request;
    }
    const encoding = request.header.get(layout.frames === "none" ? "content-encoding" : "grpc-encoding");
    const most = layout.frames === "none" ? limit : limit + frameHeaderLength;
    const isTooLarge = Number(request.header.get("content-length")) > most;
    return { ...request, header: withoutLargeLength(request.header, limit), body: checked(body, layout) };

    // Interceptors do not see these errors.
    async function* checked(chunks: AsyncIterable<Uint8Array>, layout: Layout) {
      try {
        yield await readChecked(chunks, layout);
      } catch (error) {
        settleOutcome(received.contextValues?.get(callFactsKey), { error });
        throw error;
      }
    }

    async function readChecked(chunks: AsyncIterable<Uint8Array>, { json, frames }: Layout) {
      // By the header if it tells: a client that expects 100 (Continue) need not send the body.
      const bytes = isTooLarge ? undefined : await readAll(chunks, most);
      if (bytes === undefined) {
        throw tooLarge(limit);
      }
      const read =
        frames === "none"
          ? { messages: [{ content: bytes, compressed: isCompressed(encoding) }], length: bytes.length }
          : messagesInFrames(bytes, limit, frames === "grpc-web");
      if ("problem" in read) {
        throw read.problem === "too-large" ? tooLarge(limit) : malformed([inBody(read.problem)]);
      }
      for (const { content, compressed } of read.messages) {
        const message = compressed ? await decompress(content, encoding, limit) : content;
        const rejection = message && (json ? checkJson(message) : checkBinary(message));
        if (rejection !== undefined) {
          const { violations, reason } = rejection;
          throw reason === "FIELD_INVALID" ? invalidFields(violations) : malformed(violations);
        }
      }
      return bytes.subarray(0, read.length);
    }
  };
}

/** Returns a request of one message whose body is rejected when it is read, if its header says that it is too large. */
export function checkLength(request: UniversalServerRequest, limit: number): UniversalServerRequest {
  if (!(Number(request.header.get("content-length")) > limit + frameHeaderLength)) {
    return request;
  }
  // biome-ignore lint/correctness/useYield: it only rejects.
  async function* reject(): AsyncGenerator<Uint8Array> {
    const error = tooLarge(limit);
    settleOutcome(request.contextValues?.get(callFactsKey), { error });
    throw error;
  }
  return { ...request, body: reject() };
}

function isCompressed(encoding: string | null): boolean {
  return encoding !== null && encoding !== "identity";
}

/** Removes the header by which connect-node would reject the request, with a different error. */
function withoutLargeLength(header: Headers, limit: number): Headers {
  if (!(Number(header.get("content-length")) > limit)) {
    return header;
  }
  const rest = new Headers(header);
  rest.delete("content-length");
  return rest;
}

/** Returns the whole body; undefined if it is larger than `most` bytes. */
async function readAll(chunks: AsyncIterable<Uint8Array>, most: number): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const iterator = chunks[Symbol.asyncIterator]();
  const read = () =>
    iterator.next().catch((cause: unknown) => {
      // The client disconnected, or was disconnected for being slow: not an error of the server.
      const message = "the request ended early";
      throw new ConnectError(message, Code.Canceled, undefined, undefined, cause);
    });
  for (let next = await read(); !next.done; next = await read()) {
    length += next.value.length;
    if (length > most) {
      return undefined;
    }
    parts.push(next.value);
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}

/** Returns the decompressed message; undefined for an encoding that connect-node rejects later. */
async function decompress(
  content: Uint8Array,
  encoding: string | null,
  limit: number,
): Promise<Uint8Array | undefined> {
  if (!isCompressed(encoding)) {
    throw malformed([inBody("is marked as compressed, but no header names its encoding")]);
  }
  const compression = rpcCompressions.find(({ name }) => name === encoding);
  try {
    return await compression?.decompress(content, limit);
  } catch (error) {
    const code = ConnectError.from(error).code;
    throw code === Code.ResourceExhausted ? tooLarge(limit) : malformed([inBody("does not decompress")]);
  }
}

function inBody(description: string): FieldViolation {
  return { field: "body", description };
}

function malformed(violations: readonly FieldViolation[]): ConnectError {
  const message = summarizeViolations(violations, " ");
  return apiError(ErrorReason.REQUEST_MALFORMED, { message, violations });
}

function tooLarge(limit: number): ConnectError {
  return apiError(ErrorReason.REQUEST_TOO_LARGE, {
    message: `the request body must not be larger than ${limit} bytes`,
    metadata: { maxBytes: String(limit) },
  });
}
