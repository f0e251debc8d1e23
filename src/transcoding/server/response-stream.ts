import type { ServerResponse } from "node:http";
import { constants, type Http2Stream } from "node:http2";
import { jsonType, type WrittenMessage } from "./message-writer.ts";
import { isGone, type NodeResponse } from "./node-http.ts";

export type StreamFormat = "json-array" | "ndjson" | "raw";

/** Writes the messages of a stream, with backpressure. Nothing is written after its end, or to a HEAD request. */
type ResponseStream = {
  /** Sends the header before the first message, which may come late. From then on an error is part of the stream. */
  open(): void;
  /** Sends one message. Resolves when the next one can be sent. */
  write(message: WrittenMessage): Promise<void>;
  end(): void;
  /**
   * Ends a stream that has started with an error body, and cuts the connection or HTTP/2 stream behind it. Clients that
   * do not know the error as the last element then see that the stream is incomplete. Raw bytes have no place for it.
   */
  fail(errorBody: string): void;
  /** Whether anything was sent; the status can then no longer change. */
  readonly started: boolean;
};

const contentTypes: Readonly<Record<Exclude<StreamFormat, "raw">, string>> = {
  "json-array": jsonType,
  ndjson: "application/x-ndjson; charset=utf-8",
};

/** Creates the writer. Sends headers with the first message, so that a call that fails before it gets its own status. */
export function createResponseStream(
  nodeResponse: NodeResponse,
  format: StreamFormat,
  head: (contentType: string) => readonly (string | string[])[],
): ResponseStream {
  const response = nodeResponse as ServerResponse;
  const isHead = nodeResponse.req.method === "HEAD";
  let started = false;
  let ended = false;
  /** What the next element of the array follows. */
  let before = "[";

  function begin(rawType: string): void {
    if (!started) {
      const contentType = format === "raw" ? rawType : contentTypes[format];
      response.writeHead(200, [...head(contentType)]);
      started = true;
    }
  }

  // Bytes: for text that is not ASCII, Node 26.12 never emits drain over HTTP/1.1.
  function pieceOf({ contentType, content }: WrittenMessage): Uint8Array {
    // Raw bytes have the content type of the first message.
    begin(contentType);
    if (typeof content !== "string") {
      return content;
    }
    const piece = format === "json-array" ? `${before}${content}` : `${content}\n`;
    before = ",";
    return Buffer.from(piece);
  }

  return {
    get started() {
      return started;
    },
    open() {
      if (started || format === "raw" || isHead) {
        return;
      }
      begin(jsonType);
      if (format === "json-array") {
        response.write(before);
        before = "";
      } else {
        response.flushHeaders();
      }
    },
    async write(message) {
      if (ended) {
        return;
      }
      const piece = pieceOf(message);
      if (!isHead && !response.write(piece)) {
        await drained(nodeResponse);
      }
    },
    end() {
      begin("application/octet-stream");
      ended = true;
      response.end(format === "json-array" && !isHead ? (before === "[" ? "[]" : "]") : undefined);
    },
    fail(errorBody) {
      ended = true;
      const last = format === "raw" ? "" : pieceOf({ contentType: jsonType, content: errorBody });
      cutAfter(nodeResponse, last);
    },
  };
}

/**
 * How long a client has to read the last piece before its response is cut, in ms. Chromium drops what it has not passed
 * on when a response breaks, Node's HTTP/2 client too.
 */
const cutDelayMs = 100;

const cutStreams = new WeakSet<Http2Stream>();

/** Returns whether the server has cut the response of an HTTP/2 stream: then a reset is how it ends. */
export function isCut(stream: Http2Stream): boolean {
  return cutStreams.has(stream);
}

/** Sends a last piece of a response and cuts the response behind it. */
export function cutAfter(response: NodeResponse, last: string | Uint8Array): void {
  if ("stream" in response) {
    cutStreams.add(response.stream);
  }
  // Not before the piece has been sent: a reset discards what waits for the client.
  (response as ServerResponse).write(last, () => setTimeout(cut, cutDelayMs, response).unref());
}

/** Cuts a response that may have been sent in part, or not at all. */
export function cutNow(response: NodeResponse): void {
  if ("stream" in response) {
    cutStreams.add(response.stream);
  }
  if (!("stream" in response) && response.socket === null) {
    // Responses to earlier requests of the connection come first.
    response.once("socket", () => cut(response));
  } else {
    cut(response);
  }
}

/**
 * Ends a response so that its body is visibly incomplete: over HTTP/1.1 before its announced length or its last chunk (RFC
 * 9112 8), over HTTP/2 with RST_STREAM, which leaves the other streams of the connection alone, and over HTTP/1.0 with a
 * TCP reset.
 */
function cut(response: NodeResponse): void {
  if ("stream" in response) {
    response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    return;
  }
  const { socket } = response;
  const endsByClose = response.req.httpVersion === "1.0" && !response.chunkedEncoding;
  if (socket !== null && endsByClose && !("encrypted" in socket)) {
    // Closing the connection is how a complete body ends.
    socket.resetAndDestroy();
  } else {
    socket?.destroySoon();
  }
}

/** Resolves when more can be written or the client has disconnected. */
function drained(response: NodeResponse): Promise<void> {
  // No event follows a disconnect.
  if (isGone(response)) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const settle = () => {
      response.off("drain", settle);
      response.off("close", settle);
      resolve();
    };
    response.on("drain", settle);
    response.on("close", settle);
  });
}
