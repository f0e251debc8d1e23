import { createPrivateKey, X509Certificate } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createSecureServer } from "node:http2";
import type { Socket } from "node:net";
import { createSecureContext, type TLSSocket } from "node:tls";
import { http1SettingsOf, http2SettingsOf, type Port, type PortOptions, type TlsPair } from "./port.ts";

/** A port that speaks TLS only. */
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
      ...http1SettingsOf(options),
      ...http2SettingsOf(options),
      allowHTTP1: true,
      // As late as Node allows: newcomers.ts times handshakes.
      handshakeTimeout: 2 ** 31 - 1,
    },
    (request, response) => {
      if (
        request.httpVersionMajor !== 1 ||
        // Node says "HTTP/2" of both.
        http1.take(request as unknown as IncomingMessage, response as unknown as ServerResponse)
      ) {
        onRequest(request, response);
      }
    },
  );
  // A socket of TLS does not say which one of TCP is below it, but has its peer, which no other open one has.
  const inHandshake = new Map<string, Socket>();
  const peerOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
  server.on("connection", (socket: Socket) => {
    const peer = peerOf(socket);
    inHandshake.set(peer, socket);
    newcomers.add(socket);
    socket.once("close", () => inHandshake.delete(peer));
  });
  // Node's own listener, which follows this one, tells of a session within the same event.
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
      http1.addSilent(socket);
    }
  });
  // Before Node's own listener, which takes it for a clientError.
  server.prependListener("tlsClientError", (error: Error & { code?: string }, socket: TLSSocket) => {
    if (error.code !== "ECONNRESET") {
      onRejected("tls");
    }
    socket.destroy();
  });
  server.on("clientError", (error: Error, socket: Socket) => http1.refuse(error, socket));
  // Missing in its type, though it has it for HTTP/1.1.
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

/** Returns when a certificate expires, in ms since the epoch. Throws if the pair cannot be used. */
function checkPair({ cert, key }: TlsPair): number {
  const certificate = attempt(() => new X509Certificate(cert), "the certificate cannot be read as PEM");
  const privateKey = attempt(() => createPrivateKey(key), "the key of the certificate cannot be read as PEM");
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Error("the key is not that of the certificate");
  }
  // A key that is too short, say.
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
