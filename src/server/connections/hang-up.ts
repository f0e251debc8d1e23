import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";

/** How long a client may take to read the last that it is told, in milliseconds. */
const lastWordMs = 1_000;

/** Destroys a connection that is about to end, should its client not let it end in time. */
export function destroyLater(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), lastWordMs);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
}

/**
 * Ends an HTTP/1.1 connection with an answer that has no body, for a request that no handler can answer. What still
 * comes is read for a moment and dropped: a connection with unread bytes would be reset, and the answer lost.
 */
export function hangUp(socket: Socket, status: 400 | 408 | 413 | 431): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.on("error", () => {});
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`);
  socket.once("end", () => socket.destroy());
  socket.resume();
  destroyLater(socket);
}
