import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import type { WrittenMessage } from "./message-writer.ts";

/** How a stream of messages is laid out over HTTP. */
export type StreamFormat = "json-array" | "ndjson" | "raw";

/** Writes a stream as its messages come; waits while the caller does not read. */
export type ResponseStream = {
  /** Sends one message. Resolves when the next one may come. */
  write(message: WrittenMessage): Promise<void>;
  end(): void;
  /** Whether anything was sent, so that the status can no longer be changed. */
  readonly started: boolean;
};

const contentTypes: Readonly<Record<Exclude<StreamFormat, "raw">, string>> = {
  "json-array": "application/json; charset=utf-8",
  ndjson: "application/x-ndjson; charset=utf-8",
};

/** Creates the writer. Headers leave with the first message, so that a call that fails at once has its status. */
export function createResponseStream(
  response: ServerResponse | Http2ServerResponse,
  format: StreamFormat,
  head: (contentType: string) => readonly (string | string[])[],
): ResponseStream {
  let started = false;

  const start = (contentType: string) => {
    started = true;
    (response as ServerResponse).writeHead(200, [...head(contentType)]);
  };

  return {
    get started() {
      return started;
    },
    async write({ contentType, content }) {
      const first = !started;
      if (first) {
        // Raw bytes have the type that the first message says.
        start(format === "raw" ? contentType : contentTypes[format]);
      }
      const before = format === "json-array" ? (first ? "[" : ",") : "";
      const after = format === "ndjson" ? "\n" : "";
      const piece = typeof content === "string" ? `${before}${content}${after}` : content;
      if (!(response as ServerResponse).write(piece)) {
        await drained(response);
      }
    },
    end() {
      const first = !started;
      if (first) {
        start(format === "raw" ? "application/octet-stream" : contentTypes[format]);
      }
      (response as ServerResponse).end(format === "json-array" ? (first ? "[]" : "]") : undefined);
    },
  };
}

/** Whether the reader of an answer has gone, so that nothing can be written any more. */
export function isGone(response: ServerResponse | Http2ServerResponse): boolean {
  // An answer over HTTP/2 does not say so itself.
  return "stream" in response ? response.stream.destroyed : response.destroyed;
}

/** Resolves when more may be written, or nothing ever can. */
function drained(response: ServerResponse | Http2ServerResponse): Promise<void> {
  // Of one that has gone no event comes any more.
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
