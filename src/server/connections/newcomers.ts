import type { Socket } from "node:net";
import type { OnRejected } from "./rejection.ts";

/** Connections whose protocol is not known yet: in a TLS handshake, or before the first bytes of HTTP. */
export type Newcomers = {
  add(socket: Socket): void;
  /** To be called once the protocol is known. */
  remove(socket: Socket): void;
  /** Closes those that have taken too long. Bytes that trickle in do not extend the time. */
  sweep(now: number): void;
  /** Closes all. */
  close(): void;
};

/** Creates an empty set. Times are those of `performance.now()`. */
export function createNewcomers(timeoutMs: number, onRejected: OnRejected): Newcomers {
  const arrivals = new Map<Socket, number>();
  return {
    add(socket) {
      arrivals.set(socket, performance.now());
      socket.once("close", () => arrivals.delete(socket));
    },
    remove(socket) {
      arrivals.delete(socket);
    },
    sweep(now) {
      for (const [socket, arrival] of arrivals) {
        // In the order of arrival: all that follow are younger.
        if (now - arrival <= timeoutMs) {
          return;
        }
        onRejected("header_timeout");
        arrivals.delete(socket);
        socket.destroy();
      }
    },
    close() {
      for (const socket of arrivals.keys()) {
        socket.destroy();
      }
    },
  };
}
