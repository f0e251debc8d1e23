import type { Socket } from "node:net";
import type { ServerLimits } from "../limits/server-limits.ts";
import { requestErrorText } from "./error-answer.ts";
import type { RequestError } from "./request-error.ts";

/**
 * Bytes that a request may still send once it has been answered. Many clients and proxies write their whole body before
 * they read; without this they would see a reset instead of the answer. Files pushed by mistake have a few MiB.
 */
export const maxDiscardedBytes = 16 * 1024 * 1024;

/** How long a request may still send once it has been answered, in ms; a slow uplink sends several MiB in it. */
const discardMs = 10_000;

/** How long a client may take to read the last bytes, in ms. */
const lastBytesMs = 1_000;

/** Returns how long a request may still send once it has been answered, so that the idle timeout is kept, in ms. */
export function discardMsOf({ bodyTimeoutMs, idleTimeoutMs }: ServerLimits): number {
  return Math.min(discardMs, bodyTimeoutMs, idleTimeoutMs / 2);
}

/** Destroys a connection that is ending, unless its client closes it in time. */
export function destroyLater(socket: Socket, timeoutMs: number = lastBytesMs): void {
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
}

/**
 * Ends an HTTP/1.1 connection after what was written to it (RFC 9112 9.6). What still arrives is read and discarded,
 * within bounds, until the client closes its side: closing a connection with unread bytes would reset it, and the client
 * would lose the answer. Nothing that arrives is taken for a request any more.
 */
export function closeLingering(socket: Socket, timeoutMs: number = lastBytesMs): void {
  if (socket.destroyed) {
    return;
  }
  socket.on("error", () => {});
  // Destroyed once both sides have ended.
  socket.end();
  destroyLater(socket, timeoutMs);
  let left = maxDiscardedBytes;
  // Takes the bytes away from Node's parser.
  socket.removeAllListeners("data");
  socket.on("data", function discard(chunk: Buffer) {
    left -= chunk.length;
    if (left < 0) {
      socket.pause();
    }
  });
  socket.resume();
}

/** Answers a request that no handler can answer, and ends its HTTP/1.1 connection. */
export function hangUp(socket: Socket, requestError: RequestError): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.write(requestErrorText(requestError));
  closeLingering(socket);
}
