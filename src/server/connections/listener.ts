import type { AddressInfo, Server, Socket } from "node:net";
import { isIPv6 } from "node:net";
import { canonicalAddress } from "../../contract/ip-address.ts";
import { createPlaces } from "../../contract/places.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../http-handler.ts";
import { defaultLimits, type ServerLimits } from "../limits/server-limits.ts";
import { listening } from "../listen-error.ts";
import { createBodies } from "./bodies.ts";
import { createCleartextPort } from "./cleartext-port.ts";
import { answerRequestError } from "./error-answer.ts";
import { createHttp1Connections } from "./http1-connections.ts";
import { createHttp2Sessions } from "./http2-sessions.ts";
import { keepEarlyChunks, onFirstRead } from "./messages.ts";
import { createNewcomers } from "./newcomers.ts";
import { createOpenRequests } from "./open-requests.ts";
import type { TlsPair } from "./port.ts";
import type { OnRejected } from "./rejection.ts";
import { type RequestError, requestErrorOf } from "./request-error.ts";
import { createTlsPort } from "./tls-port.ts";

export type ListenerOptions = {
  host: string;
  /** 0 picks a free port. */
  port: number;
  /** The settings that name the address, for ListenError. Defaults to `listen`. */
  section?: "listen" | "admin" | undefined;
  /** Lets several processes listen on the port; the system distributes connections among them. */
  reusePort?: boolean | undefined;
  /** With a certificate the port accepts TLS only, HTTP/1.1 and HTTP/2 by ALPN. */
  tls?: TlsPair | undefined;
  /** Defaults to `defaultLimits`. */
  limits?: ServerLimits | undefined;
  onRejected?: OnRejected | undefined;
  /** Returns whether an address is that of a trusted proxy, which may have all connections. Defaults to none. */
  isProxy?: ((address: string) => boolean) | undefined;
  /** Returns whether a request has a place in the overload guard, so that it is bounded. Defaults to none. */
  hasPlace?: ((request: HttpRequest) => boolean) | undefined;
};

/** An open port. */
export type Listener = {
  readonly url: string;
  /** Returns the number of open connections. */
  connections(): number;
  /** When the certificate in use expires, in ms since the epoch; undefined without TLS. */
  certificateNotAfterMs(): number | undefined;
  /**
   * Uses another certificate for new connections and returns when it expires, in ms since the epoch; open connections
   * are not affected. Throws if the pair cannot be used or the port has no TLS, and then changes nothing.
   */
  reloadTls(tls: TlsPair): number;
  /**
   * From now on HTTP/1.1 responses have `Connection: close`. New connections are still accepted, and HTTP/2 clients
   * receive no GOAWAY before `close`.
   */
  drain(): void;
  /**
   * Stops accepting, sends GOAWAY to HTTP/2 clients, lets running requests finish, and closes the remaining connections
   * after `graceMs` milliseconds.
   */
  close(graceMs: number): Promise<void>;
};

/** How long a connection without a request may still send one when the listener closes, in ms. */
const lastCallMs = 200;

/**
 * Part of the connections that one address can have, unless it is that of a trusted proxy. More than one client needs,
 * because a proxy or a NAT that is not trusted may have the connections of many.
 */
const addressShare = 3 / 4;

/** Idle time before a connection is probed, in ms: a client that lost power does not close it. */
const keepAliveProbeMs = 60_000;

/**
 * Opens one port for HTTP/1.1 and HTTP/2. Rejects with ListenError, or if the certificate and
 * its key cannot be used.
 */
export async function listen(options: ListenerOptions, onRequest: HttpHandler): Promise<Listener> {
  const { tls, limits = defaultLimits, onRejected = () => {}, isProxy = () => false } = options;
  const sweepMs = sweepMsOf(limits);
  const newcomers = createNewcomers(limits.headerTimeoutMs, onRejected);
  const http1 = createHttp1Connections(limits, onRejected);
  // Later than REST, which times bodies itself and answers.
  const bodies = createBodies(limits, limits.bodyTimeoutMs + sweepMs, onRejected);
  const open = createOpenRequests({
    hasPlace: options.hasPlace ?? (() => false),
    unreadTimeoutMs: limits.idleTimeoutMs,
    onRejected,
  });
  const http2 = createHttp2Sessions({ limits, onRequest: acceptRequest, onRejected });
  const portOptions = { limits, sweepMs, newcomers, http1, http2, onRejected, onRequest: acceptRequest };

  function acceptRequest(...[request, response]: Parameters<HttpHandler>): void {
    bodies.watch(request, response);
    open.watch(request, response);
    const requestError = requestErrorOf(request, limits.maxHeaderBytes);
    if (requestError !== undefined) {
      reject(request, response, requestError);
      return;
    }
    if (request.url?.startsWith("/") === false) {
      useAbsoluteForm(request, request.url);
    }
    if (request.headers.expect !== undefined && request.httpVersion !== "1.0") {
      inviteWhenRead(request, response);
    }
    onceFramed(request, response, onRequest);
  }

  function reject(request: HttpRequest, response: HttpResponse, requestError: RequestError): void {
    if (requestError.cause !== undefined) {
      onRejected(requestError.cause);
    }
    if (requestError.endsConnection && !("stream" in response)) {
      http1.closeAfter(response);
    }
    answerRequestError(request, response, requestError);
  }

  const tlsPort = tls && createTlsPort(tls, portOptions);
  const port = tlsPort ?? createCleartextPort(portOptions);
  const sockets = new Set<Socket>();
  const places = createPlaces(limits.maxConnections, Math.ceil(limits.maxConnections * addressShare));
  port.on("connection", (socket: Socket) => {
    const address = canonicalAddress(socket.remoteAddress ?? "");
    const free = address === undefined || isProxy(address) ? () => {} : places.take(address);
    if (free === undefined) {
      onRejected("connections");
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      free();
    });
    socket.setKeepAlive(true, keepAliveProbeMs);
  });
  // Without dropMaxConnection, the primary of node:cluster would offer the connection to the workers forever.
  Object.assign(port, { maxConnections: limits.maxConnections, dropMaxConnection: true });
  port.on("drop", () => onRejected("connections"));

  port.listen({ host: options.host, port: options.port, reusePort: options.reusePort ?? false });
  await listening(port, options);
  // Such as EMFILE: no file descriptor is left for a connection.
  port.on("error", () => onRejected("connections"));
  function sweepAll(): void {
    const now = performance.now();
    newcomers.sweep(now);
    http2.sweep(now);
    bodies.sweep(now);
    open.sweep(now);
  }
  // After the sockets are read: a blocked process may have unread data that arrived in time.
  const sweep = setInterval(() => setImmediate(sweepAll), sweepMs).unref();

  return {
    url: urlOf(port, options.host, tls && "https"),
    connections: () => sockets.size,
    certificateNotAfterMs: () => tlsPort?.certificateNotAfterMs(),
    reloadTls(next) {
      if (tlsPort === undefined) {
        throw new Error("a port opened without TLS cannot be given a certificate");
      }
      return tlsPort.reloadTls(next);
    },
    drain: http1.drain,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => port.close(() => resolve()));
      http1.drain();
      http2.close();
      bodies.close();
      const lastCall = setTimeout(
        () => {
          newcomers.close();
          http1.closeSilent();
        },
        Math.min(lastCallMs, graceMs),
      );
      // A connection answered before `Connection: close` could be sent is idle afterwards and can be closed.
      const idle = setInterval(() => port.closeIdleConnections(), 20);
      // Not by the session: after close() even a destroyed session waits until its client disconnects.
      const grace = setTimeout(() => {
        for (const socket of sockets) {
          socket.destroy();
        }
      }, graceMs);
      await closed;
      clearTimeout(lastCall);
      clearInterval(idle);
      clearTimeout(grace);
      clearInterval(sweep);
    },
  };
}

/**
 * Lets the body of an expected request be sent when it is read: until then its header can decide the status (RFC 9110
 * 10.1.1).
 */
function inviteWhenRead(request: HttpRequest, response: HttpResponse): void {
  onFirstRead(request, function invite() {
    if (!response.headersSent && !("stream" in response ? response.stream.closed : response.destroyed)) {
      response.writeContinue();
    }
  });
}

/**
 * Serves a request once Node's parser has accepted its Transfer-Encoding. Right after it has emitted the request, the
 * parser rejects a tab behind `chunked`, which the value no longer has: the request has been answered then.
 */
function onceFramed(request: HttpRequest, response: HttpResponse, serve: HttpHandler): void {
  if ("stream" in response || request.headers["transfer-encoding"] === undefined) {
    serve(request, response);
    return;
  }
  const { socket } = request;
  const forgetEarlyChunks = keepEarlyChunks(request);
  process.nextTick(function serveUnlessRejected() {
    if (socket.writable) {
      serve(request, response);
    }
    forgetEarlyChunks();
  });
}

/** Replaces the host and the target of a request by those of a target in absolute form (RFC 9112 3.2.2). */
function useAbsoluteForm(request: HttpRequest, target: string): void {
  const [, authority, rest = ""] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target) ?? [];
  if (authority !== undefined) {
    request.headers.host = authority;
    request.url = rest.startsWith("/") ? rest : `/${rest}`;
  }
}

/** Time between two sweeps, in ms: a quarter of the shortest timeout, within bounds. */
function sweepMsOf({ headerTimeoutMs, bodyTimeoutMs, idleTimeoutMs }: ServerLimits): number {
  return Math.ceil(
    Math.max(10, Math.min(1_000, Math.min(headerTimeoutMs, bodyTimeoutMs, idleTimeoutMs) / 4)),
  );
}

/** Returns the URL of a server that listens. */
function urlOf(server: Server, host: string, scheme = "http"): string {
  const { port } = server.address() as AddressInfo;
  return `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
