import type { Socket } from "node:net";
import type { OnRejected } from "./rejection.ts";

/** Connections of which it is not known yet what they speak: in a TLS handshake, or before the first bytes of HTTP. */
export type Newcomers = {
  add(socket: Socket): void;
  /** Is called as soon as it is known. */
  remove(socket: Socket): void;
  /** Cuts those that have taken too long. Bytes that trickle in do not help them. */
  sweep(now: number): void;
  /** Cuts all. */
  cut(): void;
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
        // In the order of their arrival: those that follow are younger.
        if (now - arrival <= timeoutMs) {
          return;
        }
        onRejected("header_timeout");
        arrivals.delete(socket);
        socket.destroy();
      }
    },
    cut() {
      for (const socket of arrivals.keys()) {
        socket.destroy();
      }
    },
  };
}
