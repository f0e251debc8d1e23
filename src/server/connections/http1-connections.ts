import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { hangUp } from "./hang-up.ts";
import type { OnRejected, RejectionCause } from "./rejection.ts";

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
export function createHttp1Connections(onRejected: OnRejected): Http1Connections {
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
      const refusal = refusalOf(error);
      if (refusal === undefined) {
        socket.destroy();
        return;
      }
      if (socket.destroyed || socket.writableEnded) {
        return;
      }
      onRejected(refusal.cause);
      const last = [...owed].findLast(({ req }) => req.socket === socket);
      if (last?.req.complete) {
        // What is wrong is what follows: answered now, it would be taken for the answer to this request.
        leaveAfter(last);
        if (last.writableFinished) {
          socket.end();
        } else if (last.headersSent) {
          // Too late for it to say so: the end of the connection does.
          last.once("finish", () => socket.end());
        }
      } else if (last === undefined || (last.socket !== null && !last.headersSent)) {
        hangUp(socket, refusal.status);
      } else {
        socket.destroy();
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

type Refusal = { readonly cause: RejectionCause; readonly status: 400 | 408 | 413 | 431 };

const refusals: ReadonlyMap<string, Refusal> = new Map([
  ["HPE_HEADER_OVERFLOW", { cause: "header_size", status: 431 }],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", { cause: "protocol", status: 413 }],
  ["ERR_HTTP_REQUEST_TIMEOUT", { cause: "header_timeout", status: 408 }],
]);

/** Undefined for what is no fault of the client's, such as a connection that was reset. */
function refusalOf({ code = "" }: { code?: string }): Refusal | undefined {
  return refusals.get(code) ?? (code.startsWith("HPE_") ? { cause: "protocol", status: 400 } : undefined);
}
