import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { hangUp } from "./hang-up.ts";
import type { OnRejected, RejectionCause } from "./rejection.ts";

/** The HTTP/1.1 connections and their pending responses. */
export type Http1Connections = {
  /** Adds a TLS connection that has not sent a request yet. */
  addSilent(socket: Socket): void;
  /** Adds a request. False if its connection is closing: then the request must not be served. */
  add(request: IncomingMessage, response: ServerResponse): boolean;
  /** Answers what no handler can: bytes that are not HTTP, headers that are too large or too late. */
  reject(error: Error & { code?: string }, socket: Socket): void;
  /** From now on the last response of each connection has `Connection: close`. */
  drain(): void;
  /** Closes the TLS connections that have not sent a request. */
  closeSilent(): void;
};

/** Creates an empty set. */
export function createHttp1Connections(onRejected: OnRejected): Http1Connections {
  const silent = new Set<Socket>();
  const pending = new Set<ServerResponse>();
  /** Connections that end after their pending responses. */
  const closing = new WeakSet<Socket>();
  let draining = false;

  function closeAfter(response: ServerResponse): void {
    // RFC 9112 9.6: requests that follow such a response are not served.
    closing.add(response.req.socket);
    response.shouldKeepAlive = false;
  }

  return {
    addSilent(socket) {
      silent.add(socket);
      socket.once("close", () => silent.delete(socket));
    },
    add(request, response) {
      silent.delete(request.socket);
      if (closing.has(request.socket)) {
        return false;
      }
      pending.add(response);
      response.once("close", () => pending.delete(response));
      if (draining) {
        closeAfter(response);
      }
      return true;
    },
    reject(error, socket) {
      const rejection = rejectionOf(error);
      if (rejection === undefined) {
        socket.destroy();
        return;
      }
      if (socket.destroyed || socket.writableEnded) {
        return;
      }
      onRejected(rejection.cause);
      const last = [...pending].findLast(({ req }) => req.socket === socket);
      if (last?.req.complete) {
        // The error is in what follows: an answer to it now would be taken for the response to this request.
        closeAfter(last);
        if (last.writableFinished) {
          socket.end();
        } else if (last.headersSent) {
          // Too late for `Connection: close`: end the connection instead.
          last.once("finish", () => socket.end());
        }
      } else if (last === undefined || (last.socket !== null && !last.headersSent)) {
        hangUp(socket, rejection.status);
      } else {
        socket.destroy();
      }
    },
    drain() {
      draining = true;
      // Only the last pending response of a connection: the requests before it are being served as well.
      const last = new Map([...pending].map((response) => [response.req.socket, response]));
      for (const response of last.values()) {
        if (!response.headersSent) {
          closeAfter(response);
        }
      }
    },
    closeSilent() {
      for (const socket of silent) {
        socket.destroy();
      }
    },
  };
}

type Rejection = { readonly cause: RejectionCause; readonly status: number };

const rejections: ReadonlyMap<string, Rejection> = new Map([
  ["HPE_HEADER_OVERFLOW", { cause: "header_size", status: 431 }],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", { cause: "protocol", status: 413 }],
  ["ERR_HTTP_REQUEST_TIMEOUT", { cause: "header_timeout", status: 408 }],
]);

/** Returns undefined for errors that are not the client's, such as a connection reset. */
function rejectionOf({ code = "" }: { code?: string }): Rejection | undefined {
  return rejections.get(code) ?? (code.startsWith("HPE_") ? { cause: "protocol", status: 400 } : undefined);
}
