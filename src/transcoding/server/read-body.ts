import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import { promisify } from "node:util";
import { brotliDecompress, gunzip } from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";

/** The content of a request: its bytes, or why it was not read. */
export type ReadBody =
  | { readonly bytes: Buffer }
  | { readonly refused: "too-large" | "too-slow" | "unknown-encoding" | "broken-encoding" };

// A map, for as an object it would have an encoding named "constructor".
const decompressors: ReadonlyMap<
  string,
  (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>
> = new Map([
  ["gzip", promisify(gunzip)],
  ["x-gzip", promisify(gunzip)],
  ["br", promisify(brotliDecompress)],
]);

/** What `Accept-Encoding` says when an encoding was refused (RFC 9110 12.5.3). */
export const acceptedEncodings = "gzip, br";

/**
 * Reads the whole content, decompressed. `limit` bounds both what comes over the wire and what comes out of
 * decompression, before either is held in memory; `timeoutMs` how long it may take to come. Rejects with CANCELLED
 * when the client goes away.
 */
export async function readBody(
  request: IncomingMessage | Http2ServerRequest,
  limit: number,
  timeoutMs: number,
): Promise<ReadBody> {
  const encoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  const decompress = encoding === "identity" || encoding === "" ? undefined : decompressors.get(encoding);
  if (decompress === undefined && encoding !== "identity" && encoding !== "") {
    return { refused: "unknown-encoding" };
  }
  if (Number(request.headers["content-length"] ?? 0) > limit) {
    return { refused: "too-large" };
  }
  const bytes = await readBytes(request, limit, timeoutMs);
  if (typeof bytes === "string") {
    return { refused: bytes };
  }
  if (decompress === undefined || bytes.length === 0) {
    return { bytes };
  }
  try {
    return { bytes: await decompress(bytes, { maxOutputLength: limit }) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return { refused: code === "ERR_BUFFER_TOO_LARGE" ? "too-large" : "broken-encoding" };
  }
}

function readBytes(
  request: IncomingMessage | Http2ServerRequest,
  limit: number,
  timeoutMs: number,
): Promise<Buffer | "too-large" | "too-slow"> {
  return new Promise((resolve, reject) => {
    // It may have gone while the caller was still deciding whether to read: then no event comes any more.
    if (request.destroyed || ("stream" in request && request.stream.destroyed)) {
      reject(gone());
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    // Most bodies are here together with their header, and need no timer.
    const timer = request.complete
      ? undefined
      : setTimeout(() => {
          request.pause();
          resolve("too-slow");
        }, timeoutMs);
    const onGone = () => {
      clearTimeout(timer);
      reject(gone());
    };
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) {
        chunks.length = 0;
        // Not a byte more is read; the answer closes the connection.
        request.pause();
        clearTimeout(timer);
        resolve("too-large");
        return;
      }
      chunks.push(chunk);
    });
    request.on("end", () => {
      request.off("close", onGone);
      clearTimeout(timer);
      const [first] = chunks;
      resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks));
    });
    request.on("error", onGone);
    request.on("close", onGone);
  });
}

function gone(): ConnectError {
  return new ConnectError("the client went away", Code.Canceled);
}
