import type { ServerResponse } from "node:http";
import type { WrittenMessage } from "./message-writer.ts";
import type { NodeResponse } from "./node-http.ts";

export type StreamFormat = "json-array" | "ndjson" | "raw";

/** Writes the messages of a stream, with backpressure. */
type ResponseStream = {
  /** Sends one message. Resolves when the next one can be sent. */
  write(message: WrittenMessage): Promise<void>;
  end(): void;
  /** Whether anything was sent; the status can then no longer change. */
  readonly started: boolean;
};

const contentTypes: Readonly<Record<Exclude<StreamFormat, "raw">, string>> = {
  "json-array": "application/json; charset=utf-8",
  ndjson: "application/x-ndjson; charset=utf-8",
};

/** Creates the writer. Sends headers with the first message, so that a call that fails before it gets its own status. */
export function createResponseStream(
  response: NodeResponse,
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
        // Raw bytes have the content type of the first message.
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

/** Returns whether the client has disconnected, so that nothing can be written. */
export function isGone(response: NodeResponse): boolean {
  // A response over HTTP/2 does not report this itself.
  return "stream" in response ? response.stream.destroyed : response.destroyed;
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
