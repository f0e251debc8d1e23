import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { Socket } from "node:net";
import { hangUp } from "./lingering.ts";
import { http1SettingsOf, http2SettingsOf, maxHttp1Fields, type Port, type PortOptions } from "./port.ts";
import { connectUnsupported } from "./request-error.ts";
import { sniff } from "./sniff.ts";

/** Creates a cleartext port: the first bytes of a connection tell HTTP/2 with prior knowledge from HTTP/1.1. */
export function createCleartextPort(options: PortOptions): Port {
  const { newcomers, http1, http2, onRequest } = options;
  const http2Server = createHttp2Server(http2SettingsOf(options));
  // Node emits "session" while it handles "connection".
  let newest: Socket | undefined;
  http2Server.on("session", (session) => newest && http2.add(session, newest));
  function serveRequest(request: IncomingMessage, response: ServerResponse): void {
    if (http1.add(request, response)) {
      onRequest(request, response);
    }
  }
  const http1Server = createServer(http1SettingsOf(options), serveRequest);
  http1Server.maxHeadersCount = maxHttp1Fields(options.limits);
  http1Server.on("checkContinue", serveRequest).on("checkExpectation", serveRequest);
  http1Server.on("connect", (_, socket) => hangUp(socket as Socket, connectUnsupported));
  http1Server.on("clientError", (error, socket) => http1.reject(error, socket as Socket));
  // The HTTP/1.1 server owns the port, because its timeouts run only on a server that listens itself.
  const [serveHttp1] = http1Server.listeners("connection") as ((socket: Socket) => void)[];
  http1Server.removeAllListeners("connection");
  http1Server.on("connection", (socket: Socket) => {
    newcomers.add(socket);
    sniff(socket, (isHttp2) => {
      newcomers.remove(socket);
      if (isHttp2) {
        newest = socket;
        // Sockets of an HTTP/1.1 server may be half open: this one would stay open after its client has disconnected.
        socket.allowHalfOpen = false;
        http2Server.emit("connection", socket);
      } else {
        http1.open(socket);
        serveHttp1?.call(http1Server, socket);
      }
    });
  });
  return http1Server;
}
