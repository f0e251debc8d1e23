import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ServerLimits } from "../limits/server-limits.ts";
import { closeLingering, discardMsOf, hangUp, maxDiscardedBytes } from "./lingering.ts";
import type { OnRejected } from "./rejection.ts";
import {
  headerTooLarge,
  malformed,
  type RequestError,
  tooSlow,
  versionUnsupported,
} from "./request-error.ts";

/** The HTTP/1.1 connections and their pending responses. */
export type Http1Connections = {
  /** Adds a connection. */
  open(socket: Socket): void;
  /** Adds a TLS connection that has not sent a request yet. */
  addSilent(socket: Socket): void;
  /** Adds a request. False if its connection is closing: then the request must not be served. */
  add(request: IncomingMessage, response: ServerResponse): boolean;
  /** Ends the connection of a response after it. */
  closeAfter(response: ServerResponse): void;
  /** Answers what no handler can: bytes that are not HTTP, headers that are too large or too late. */
  reject(error: Error & ParserError, socket: Socket): void;
  /** From now on the last response of each connection has `Connection: close`. */
  drain(): void;
  /** Closes the TLS connections that have not sent a request. */
  closeSilent(): void;
};

type Connection = {
  /** The last response, unless it has been sent and its request has arrived. */
  last: ServerResponse | undefined;
  /** Whether it ends after its pending responses. */
  isClosing: boolean;
};

/** Creates an empty set. */
export function createHttp1Connections(limits: ServerLimits, onRejected: OnRejected): Http1Connections {
  const silent = new Set<Socket>();
  /** Node unsets the socket of a request that its handler has stopped reading. */
  const pending = new Map<ServerResponse, Socket>();
  // Set once for each connection. An entry for each request in a WeakMap makes garbage collection slow.
  const connections = new WeakMap<Socket, Connection>();
  const discardMs = discardMsOf(limits);
  let draining = false;

  function connectionOf(socket: Socket): Connection {
    let connection = connections.get(socket);
    if (connection === undefined) {
      connection = { last: undefined, isClosing: false };
      connections.set(socket, connection);
    }
    return connection;
  }

  function closeAfter(response: ServerResponse, socket: Socket): void {
    // RFC 9112 9.6: requests that follow such a response are not served.
    connectionOf(socket).isClosing = true;
    response.shouldKeepAlive = false;
  }

  return {
    open(socket) {
      // Node calls this after a response with `Connection: close`.
      socket.destroySoon = () =>
        closeLingering(socket, connectionOf(socket).last?.req.complete === false ? discardMs : undefined);
    },
    addSilent(socket) {
      silent.add(socket);
      socket.once("close", () => silent.delete(socket));
    },
    add(request, response) {
      const { socket } = request;
      silent.delete(socket);
      const connection = connectionOf(socket);
      if (connection.isClosing) {
        return false;
      }
      pending.set(response, socket);
      connection.last = response;
      response.once("close", function forget() {
        pending.delete(response);
        if (request.complete && connection.last === response) {
          connection.last = undefined;
        }
      });
      if (draining || isLast(request)) {
        closeAfter(response, socket);
      }
      return true;
    },
    closeAfter(response) {
      const socket = pending.get(response);
      if (socket !== undefined) {
        closeAfter(response, socket);
      }
    },
    reject(error, socket) {
      const rejection = requestErrorOfParser(error, limits);
      if (rejection === undefined) {
        socket.destroy();
        return;
      }
      if (socket.destroyed || socket.writableEnded) {
        return;
      }
      const { last: response, isClosing } = connectionOf(socket);
      if (rejection.cause !== undefined && !isClosing) {
        onRejected(rejection.cause);
      }
      if (response === undefined) {
        hangUp(socket, rejection);
      } else if (response.writableFinished || (response.writableEnded && response.socket !== null)) {
        // The error is in the rest of a request that has been answered, perhaps with bytes that are still to be sent.
        closeLingering(socket);
      } else if (response.req.complete) {
        // The error is in what follows: an answer to it now would be taken for the response to this request.
        closeAfter(response, socket);
        if (response.headersSent) {
          // Too late for `Connection: close`: end the connection instead.
          response.once("finish", () => closeLingering(socket));
        }
      } else if (response.socket !== null && !response.headersSent) {
        hangUp(socket, rejection);
      } else {
        socket.destroy();
      }
    },
    drain() {
      draining = true;
      // Only the last pending response of a connection: the requests before it are being served as well.
      for (const [socket, response] of new Map(
        [...pending].map(([response, socket]) => [socket, response]),
      )) {
        if (!response.headersSent) {
          closeAfter(response, socket);
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

/**
 * Whether a connection ends with a request. Node's parser stops behind one with Upgrade, although it is ignored: it drops
 * what arrived in the same packet, and does not report what is malformed afterwards.
 */
function isLast({ headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined || Number(headers["content-length"]) > maxDiscardedBytes;
}

/** Node's own bound, in bytes. */
const maxChunkExtensions = 16_384;

/** `reason` is a text of Node's parser, without bytes of the client. */
type ParserError = { code?: string; reason?: string };

/** Returns undefined for errors that are not the client's, such as a connection reset. */
function requestErrorOfParser(
  { code = "", reason = "it is not" }: ParserError,
  { maxHeaderBytes }: ServerLimits,
): RequestError | undefined {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return headerTooLarge(maxHeaderBytes);
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return tooSlow("header");
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW": {
      const message = `chunk extensions must not be larger than ${maxChunkExtensions} bytes`;
      return { status: 413, message, maxBytes: maxChunkExtensions, cause: "protocol" };
    }
    case "HPE_INVALID_EOF_STATE":
      // The client has closed its side within a request. Some versions of Node report a reset connection so.
      return { status: 400, message: "the request ended early" };
    case "HPE_INVALID_VERSION":
      return versionUnsupported;
    default:
      return code.startsWith("HPE_") ? malformed(`the request must be valid HTTP: ${reason}`) : undefined;
  }
}
