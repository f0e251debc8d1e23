import type { TLSSocket } from "node:tls";
import type { NodeHttpClientOptions } from "@connectrpc/connect-node";
import { Http2SessionManager } from "@connectrpc/connect-node";
import type { HttpProxy } from "./proxy.ts";
import { connectThrough, ProxyError, type TunnelOptions } from "./tunnel.ts";

type Sessions = ReturnType<
  NonNullable<Extract<NodeHttpClientOptions, { httpVersion: "2" }>["sessionProvider"]>
>;

/** Connections that are opened for a request. */
const maxTries = 4;

/**
 * Manages the HTTP/2 connection to the host of a URL for connect-node, as its own manager does, through a proxy. That one
 * must have its socket at once.
 */
export function createTunnelledSessions(url: URL, proxy: HttpProxy, options: TunnelOptions): Sessions {
  /** A socket that has no session yet. */
  let socket: TLSSocket | undefined;
  let opening: Promise<void> | undefined;
  const noSocket = new Error("a connection through the proxy must be opened first");
  const sessions = new Http2SessionManager(url.origin, undefined, {
    createConnection() {
      const next = socket;
      socket = undefined;
      if (next === undefined || next.destroyed) {
        throw noSocket;
      }
      return next;
    },
  });

  async function open(): Promise<void> {
    socket = await connectThrough(proxy, url, { ...options, protocols: ["h2"] });
    // Until it has a session.
    socket.on("error", () => undefined);
  }

  return {
    authority: sessions.authority,
    async request(...args) {
      // Bounded, because a host may close every connection as soon as it is open.
      for (let tries = 0; tries < maxTries; tries++) {
        try {
          return await sessions.request(...args);
        } catch (error) {
          if (error !== noSocket) {
            throw error;
          }
        }
        opening ??= open().finally(() => {
          opening = undefined;
        });
        await opening;
      }
      throw new ProxyError(`through the proxy ${proxy.name}: ${url.host} closes every connection at once`);
    },
    notifyResponseByteRead: (stream) => sessions.notifyResponseByteRead(stream),
  };
}
