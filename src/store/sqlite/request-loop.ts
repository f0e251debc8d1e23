import type { MessagePort } from "node:worker_threads";
import { StoreOpenError } from "../plan-store.ts";
import { messageWithAdvice } from "./error.ts";
import type { SqliteReply, SqliteRequest } from "./protocol.ts";

/** What a thread does with its open database. */
export type RequestHandler = {
  /** Raises an error if the request failed as a whole. */
  answer(request: Exclude<SqliteRequest, { type: "close" }>): SqliteReply;
  close(): void;
};

/** Answers the main thread until it asks to close. `open` raises StoreOpenError, which is passed on. */
export function answerRequests(port: MessagePort, open: () => RequestHandler): void {
  function reply(message: SqliteReply): void {
    port.postMessage(message, buffersOf(message));
  }

  let server: RequestHandler;
  try {
    server = open();
  } catch (error) {
    if (!(error instanceof StoreOpenError)) {
      throw error;
    }
    reply({ type: "refused", message: error.message });
    return;
  }
  port.on("message", (request: SqliteRequest) => {
    if (request.type === "close") {
      server.close();
      port.close();
      return;
    }
    try {
      reply(server.answer(request));
    } catch (error) {
      reply({ type: "failed", message: messageWithAdvice(error) });
    }
  });
  reply({ type: "opened" });
}

/** Returns what is handed over instead of copied. */
function buffersOf(message: SqliteReply): ArrayBuffer[] {
  if (message.type === "scan") {
    return [message.page.values.buffer];
  }
  if (message.type !== "get") {
    return [];
  }
  return message.values.flatMap((value) => (value instanceof Uint8Array ? [value.buffer] : []));
}
