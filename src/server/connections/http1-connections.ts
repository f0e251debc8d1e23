import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { hangUp } from "./hang-up.ts";
import type { OnRefused } from "./refused-connection.ts";

/** The HTTP/1.1 connections and the answers that they owe. */
export type Http1Connections = {
  /** Takes note of a connection of TLS, which says nothing of the bytes that it has read. */
  addSilent(socket: Socket): void;
  /** Takes note of a request. False if its connection was told to go: then it must not be served. */
  take(request: IncomingMessage, response: ServerResponse): boolean;
  /** Answers what no handler can: bytes that are no HTTP, headers that are too large or too late. */
  refuse(error: Error & { code?: string }, socket: Socket): void;
  /** From now on the last answer of each connection says `Connection: close`. */
  drain(): void;
  /** Cuts those of TLS that have not sent a request. */
  cutSilent(): void;
};

/** Creates an empty set. */
export function createHttp1Connections(onRefused: OnRefused): Http1Connections {
  const silent = new Set<Socket>();
  const owed = new Set<ServerResponse>();
  /** Have been promised no more than the answers that are owed. */
  const leaving = new WeakSet<Socket>();
  let draining = false;

  const leaveAfter = (response: ServerResponse) => {
    // RFC 9112 9.6: what follows a request that is answered so is not served.
    leaving.add(response.req.socket);
    response.shouldKeepAlive = false;
  };

  return {
    addSilent(socket) {
      silent.add(socket);
      socket.once("close", () => silent.delete(socket));
    },
    take(request, response) {
      silent.delete(request.socket);
      if (leaving.has(request.socket)) {
        return false;
      }
      owed.add(response);
      response.once("close", () => owed.delete(response));
      if (draining) {
        leaveAfter(response);
      }
      return true;
    },
    refuse(error, socket) {
      if (socket.destroyed || socket.writableEnded) {
        return;
      }
      const [cause, status] = refusals.get(error.code ?? "") ?? ["protocol", 400];
      if (error.code === "ECONNRESET" || error.code === "EPIPE") {
        socket.destroy();
        return;
      }
      onRefused(cause);
      if ([...owed].some(({ req }) => req.socket === socket)) {
        // The client would take it for the answer to a request before.
        socket.destroy();
      } else {
        hangUp(socket, status);
      }
    },
    drain() {
      draining = true;
      // The last one that a connection owes, for the ones before are of requests that are being served as well.
      for (const response of new Map([...owed].map((answer) => [answer.req.socket, answer])).values()) {
        if (!response.headersSent) {
          leaveAfter(response);
        }
      }
    },
    cutSilent() {
      for (const socket of silent) {
        socket.destroy();
      }
    },
  };
}

const refusals = new Map<string, [Parameters<OnRefused>[0], 400 | 408 | 413 | 431]>([
  ["HPE_HEADER_OVERFLOW", ["header_size", 431]],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", ["protocol", 413]],
  ["ERR_HTTP_REQUEST_TIMEOUT", ["header_timeout", 408]],
]);
