import type { MessagePort } from "node:worker_threads";
import { StoreOpenError } from "../plan-store.ts";
import { messageWithAdvice } from "./error.ts";
import type { SqliteReply, SqliteRequest } from "./protocol.ts";

/** Handles the requests of the main thread. */
type RequestHandler = {
  /** Of the database file; see Placement. */
  readonly identity: string;
  /** Raises an error if the request failed as a whole. */
  answer(request: Exclude<SqliteRequest, { type: "close" }>): SqliteReply;
  close(): void;
};

/** Answers requests until `close`. A StoreOpenError of `open` is sent to the main thread. */
export function answerRequests(port: MessagePort, open: () => RequestHandler): void {
  function reply(message: SqliteReply): void {
    port.postMessage(message, buffersOf(message));
  }

  let handler: RequestHandler;
  try {
    handler = open();
  } catch (error) {
    if (!(error instanceof StoreOpenError)) {
      throw error;
    }
    reply({ type: "openFailed", message: error.message });
    return;
  }
  port.on("message", (request: SqliteRequest) => {
    if (request.type === "close") {
      handler.close();
      port.close();
      return;
    }
    try {
      reply(handler.answer(request));
    } catch (error) {
      reply({ type: "failed", message: messageWithAdvice(error) });
    }
  });
  reply({ type: "opened", identity: handler.identity });
}

/** Returns the buffers that are transferred instead of copied. */
function buffersOf(message: SqliteReply): ArrayBuffer[] {
  if (message.type === "scan") {
    return [message.page.values.buffer];
  }
  if (message.type !== "get") {
    return [];
  }
  return message.posted.flatMap((value) => (typeof value === "string" ? [] : [value.buffer]));
}
