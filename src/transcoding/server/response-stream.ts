import type { ServerResponse } from "node:http";
import { jsonType, type WrittenMessage } from "./message-writer.ts";
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
  "json-array": jsonType,
  ndjson: "application/x-ndjson; charset=utf-8",
};

/** Creates the writer. Sends headers with the first message, so that a call that fails before it gets its own status. */
export function createResponseStream(
  response: NodeResponse,
  format: StreamFormat,
  head: (contentType: string) => readonly (string | string[])[],
): ResponseStream {
  let started = false;

  /** Sends the header before the first message, and returns whether it did. */
  function begin(rawType: string): boolean {
    if (started) {
      return false;
    }
    started = true;
    const contentType = format === "raw" ? rawType : contentTypes[format];
    (response as ServerResponse).writeHead(200, [...head(contentType)]);
    return true;
  }

  return {
    get started() {
      return started;
    },
    async write({ contentType, content }) {
      // Raw bytes have the content type of the first message.
      const first = begin(contentType);
      const before = format === "json-array" ? (first ? "[" : ",") : "";
      const after = format === "ndjson" ? "\n" : "";
      const piece = typeof content === "string" ? `${before}${content}${after}` : content;
      if (!(response as ServerResponse).write(piece)) {
        await drained(response);
      }
    },
    end() {
      const first = begin("application/octet-stream");
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
