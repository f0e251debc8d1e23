import { createPrivateKey, X509Certificate } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createSecureServer } from "node:http2";
import type { Socket } from "node:net";
import { createSecureContext, type TLSSocket } from "node:tls";
import { hangUp } from "./lingering.ts";
import {
  http1SettingsOf,
  http1SettingsOfTls,
  http2SettingsOf,
  maxHttp1Fields,
  type Port,
  type PortOptions,
  type TlsPair,
} from "./port.ts";
import { connectUnsupported } from "./request-error.ts";

/** A port that accepts TLS only. */
export type TlsPort = Port & {
  /**
   * Uses another certificate for new connections and returns when it expires. Throws if the pair cannot be used; the
   * current one then stays in use.
   */
  reloadTls(tls: TlsPair): number;
  /** When the certificate in use expires, in ms since the epoch. */
  certificateNotAfterMs(): number;
};

/** Creates a TLS port: HTTP/1.1 and HTTP/2 by ALPN. Throws if the pair cannot be used. */
export function createTlsPort(tls: TlsPair, options: PortOptions): TlsPort {
  const { newcomers, http1, http2, onRequest, onRejected } = options;
  let notAfterMs = checkPair(tls);
  const server = createSecureServer(
    {
      ...tls,
      ...http1SettingsOfTls(options),
      ...http2SettingsOf(options),
      allowHTTP1: true,
      // The maximum: newcomers.ts times handshakes.
      handshakeTimeout: 2 ** 31 - 1,
    },
    serveRequest,
  );
  // Node's types are those of HTTP/2, whose requests http2-sessions.ts serves.
  function serveRequest(http2Request: unknown, http2Response: unknown): void {
    const [request, response] = [http2Request as IncomingMessage, http2Response as ServerResponse];
    if (http1.add(request, response)) {
      onRequest(request, response);
    }
  }
  // Node's own listener, which serves HTTP/2 by its compatibility API.
  server.removeAllListeners("stream");
  server.on("checkContinue", serveRequest);
  server.on("checkExpectation", serveRequest);
  server.on("connect", (_request: unknown, socket: unknown) => hangUp(socket as Socket, connectUnsupported));
  // Before 24.17, Node ignores these options of a secure HTTP/2 server: HTTP/1.1 clients on it would have no limits.
  Object.assign(server, http1SettingsOf(options), { maxHeadersCount: maxHttp1Fields(options.limits) });
  // A TLS socket does not expose the TCP socket below it, but has the same peer, which is unique among open ones.
  const inHandshake = new Map<string, Socket>();
  const peerOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
  server.on("connection", (socket: Socket) => {
    const peer = peerOf(socket);
    inHandshake.set(peer, socket);
    newcomers.add(socket);
    socket.once("close", () => inHandshake.delete(peer));
  });
  // Node's own listener, which follows this one, emits "session" within the same event.
  let newest: TLSSocket | undefined;
  server.on("session", (session) => newest && http2.add(session, newest));
  server.prependListener("secureConnection", (socket: TLSSocket) => {
    const peer = peerOf(socket);
    const below = inHandshake.get(peer);
    if (below !== undefined) {
      inHandshake.delete(peer);
      newcomers.remove(below);
    }
    newest = socket;
    if (socket.alpnProtocol !== "h2") {
      http1.open(socket);
      http1.addSilent(socket);
    }
  });
  // After Node's own listener, which attaches the parser.
  server.on("secureConnection", (socket: TLSSocket) => {
    if (socket.alpnProtocol !== "h2") {
      parseFromStream(socket);
    }
  });
  // Before Node's own listener, which would emit a clientError.
  server.prependListener("tlsClientError", (error: Error & { code?: string }, socket: TLSSocket) => {
    if (error.code !== "ECONNRESET") {
      onRejected("tls");
    }
    socket.destroy();
  });
  server.on("clientError", (error: Error, socket: Socket) => http1.reject(error, socket));
  // The type lacks closeIdleConnections, which the server has for HTTP/1.1.
  return Object.assign(server as typeof server & Port, {
    reloadTls(next: TlsPair) {
      const nextNotAfterMs = checkPair(next);
      server.setSecureContext(next);
      notAfterMs = nextNotAfterMs;
      return notAfterMs;
    },
    certificateNotAfterMs: () => notAfterMs,
  });
}

/**
 * Makes Node's HTTP/1.1 parser read the stream of a socket. By default it reads the TLS engine below, which passes on all
 * records of a packet although the parser is paused, as it is while an earlier answer is being written: they would end
 * the connection with HPE_PAUSED. The stream keeps them.
 */
function parseFromStream(socket: TLSSocket): void {
  function onData(): void {}
  // Node decides when a listener is added.
  socket.on("data", onData);
  socket.off("data", onData);
}

/** Returns when a certificate expires, in ms since the epoch. Throws if the pair cannot be used. */
function checkPair({ cert, key }: TlsPair): number {
  const certificate = attempt(() => new X509Certificate(cert), "the certificate is not valid PEM");
  const privateKey = attempt(() => createPrivateKey(key), "the private key is not valid PEM");
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Error("the private key does not belong to the certificate");
  }
  // Such as a key that is too short.
  attempt(() => createSecureContext({ cert, key }), "the certificate and its key cannot be used");
  return Date.parse(certificate.validTo);
}

function attempt<T>(act: () => T, failure: string): T {
  try {
    return act();
  } catch (cause) {
    throw new Error(`${failure}: ${(cause as Error).message}`, { cause });
  }
}
