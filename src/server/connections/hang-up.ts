import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";

/** How long a client may take to read the last bytes, in ms. */
const lastBytesMs = 1_000;

/** Destroys a connection that is ending, unless its client closes it in time. */
export function destroyLater(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), lastBytesMs);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
}

/**
 * Answers a request that no handler can answer, without a body, and ends its HTTP/1.1 connection. Further bytes are read
 * for a moment and dropped: closing a connection with unread bytes would reset it and lose the answer.
 */
export function hangUp(socket: Socket, status: number): void {
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
