import { promisify } from "node:util";
import { brotliDecompress, gunzip } from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";
import type { NodeRequest } from "./node-http.ts";

/** The content of a request, or the problem that prevented reading it. */
type ReadBody =
  | { readonly bytes: Buffer }
  | { readonly problem: "too-large" | "too-slow" | "unknown-type" | "unknown-encoding" | "broken-encoding" };

type ReadOptions = {
  /** Bounds the compressed and the decompressed size, before either is in memory, in bytes. */
  readonly limit: number;
  /** Bounds the time until it has arrived, in ms. */
  readonly timeoutMs: number;
  /** Whether its content type is accepted. Nothing is read of content that its header rejects. */
  readonly isTyped: boolean;
};

// A map, because an object would have an encoding named "constructor".
const decompressors: ReadonlyMap<
  string,
  (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>
> = new Map([
  ["gzip", promisify(gunzip)],
  ["x-gzip", promisify(gunzip)],
  ["br", promisify(brotliDecompress)],
]);

/** `Accept-Encoding` of responses that reject an encoding (RFC 9110 12.5.3). */
export const acceptedEncodings = "gzip, br";

/** Reads the whole content, decompressed. Rejects with CANCELLED if the client disconnects. */
export async function readBody(
  request: NodeRequest,
  { limit, timeoutMs, isTyped }: ReadOptions,
): Promise<ReadBody> {
  const encoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  const decompress = encoding === "identity" || encoding === "" ? undefined : decompressors.get(encoding);
  if (decompress === undefined && encoding !== "identity" && encoding !== "") {
    return { problem: "unknown-encoding" };
  }
  const { "content-length": length = "0", expect } = request.headers;
  if (Number(length) > limit) {
    return { problem: "too-large" };
  }
  if (!isTyped && (Number(length) > 0 || expect !== undefined)) {
    return { problem: "unknown-type" };
  }
  const bytes = await readBytes(request, limit, timeoutMs);
  if (typeof bytes === "string") {
    return { problem: bytes };
  }
  if (!isTyped && bytes.length > 0) {
    return { problem: "unknown-type" };
  }
  if (decompress === undefined || bytes.length === 0) {
    return { bytes };
  }
  try {
    return { bytes: await decompress(bytes, { maxOutputLength: limit }) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return { problem: code === "ERR_BUFFER_TOO_LARGE" ? "too-large" : "broken-encoding" };
  }
}

type ReadBytes = Buffer | "too-large" | "too-slow";

/**
 * Reads the whole content as it was sent. Rejects with CANCELLED if the client disconnects, and with an Error if something
 * else has read the content.
 */
export async function readBytes(request: NodeRequest, limit: number, timeoutMs: number): Promise<ReadBytes> {
  if (!("stream" in request)) {
    if (request.readableEnded) {
      return contentReadBefore(request);
    }
    // Node passes a request on before its parser has come to the end. A request without a body is complete in the next
    // microtask, and needs no events.
    await undefined;
    if (request.complete && request.readable && request.readableLength === 0) {
      // Ends the request.
      request.read();
      return noBytes;
    }
  }
  return await arrivalOf(request, limit, timeoutMs);
}

/** Returns the content of a request that something else has read: nothing, or it is lost. */
function contentReadBefore({ headers }: NodeRequest): Buffer {
  if (headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0) {
    return noBytes;
  }
  throw new Error(
    "the body of the request was read before: pass requests on to this handler before a parser such as express.json() reads them",
  );
}

/** Reads a content whose end may not have arrived. */
function arrivalOf(request: NodeRequest, limit: number, timeoutMs: number): Promise<ReadBytes> {
  return new Promise((resolve, reject) => {
    // The client may already have disconnected before this call; then no event follows.
    if (request.destroyed || ("stream" in request && request.stream.destroyed)) {
      reject(gone());
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    let isSettled = false;
    let timer: NodeJS.Timeout | undefined;
    afterThisTurn(() => {
      if (!isSettled) {
        timer = setTimeout(() => fail("too-slow"), timeoutMs);
      }
    });
    const settle = () => {
      isSettled = true;
      clearTimeout(timer);
    };
    const onGone = () => {
      settle();
      reject(gone());
    };
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) {
        fail("too-large");
        return;
      }
      chunks.push(chunk);
    };
    /** What else arrives is discarded. */
    const fail = (problem: "too-large" | "too-slow") => {
      settle();
      request.off("data", onData);
      chunks.length = 0;
      resolve(problem);
    };
    request.on("data", onData);
    request.on("end", () => {
      request.off("close", onGone);
      settle();
      const [first] = chunks;
      resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks));
    });
    request.on("error", onGone);
    request.on("close", onGone);
  });
}

let turn: (() => void)[] = [];

/** Calls a function when this turn of the event loop ends. Most bodies have arrived by then, and need no timer. */
function afterThisTurn(act: () => void): void {
  if (turn.push(act) === 1) {
    setImmediate(function endTurn() {
      const acts = turn;
      turn = [];
      for (const each of acts) {
        each();
      }
    });
  }
}

const noBytes = Buffer.alloc(0);

function gone(): ConnectError {
  return new ConnectError("the client went away", Code.Canceled);
}
