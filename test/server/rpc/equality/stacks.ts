import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server, type Http2Session } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import type { ConnectRouter, Interceptor } from "@connectrpc/connect";
import { compressionBrotli, compressionGzip, connectNodeAdapter } from "@connectrpc/connect-node";
import { compressMinBytes } from "../../../../src/server/rpc/encodings.ts";
import { listenRpcStack, type RpcStackOptions } from "../../../support/http/rpc-stack.ts";
import { scriptedTypes } from "./service.ts";

/** Largest request message, in bytes. */
export const readMaxBytes = 16 * 1024;

/** A server of the scripted service. */
export type Stack = {
  readonly port: Readonly<Record<HttpVersion, number>>;
  close(): Promise<void>;
};

export type HttpVersion = "HTTP/1.1" | "HTTP/2";

export type StackOptions = {
  readonly routes: (router: ConnectRouter) => void;
  readonly interceptors?: Interceptor[];
  readonly shutdownSignal?: AbortSignal;
  readonly contextValues?: NonNullable<RpcStackOptions["contextValues"]>;
};

/** Serves with this project's listener, router, admission and handlers. */
export async function serveOurs(options: StackOptions): Promise<Stack> {
  const listener = await listenRpcStack({
    ...options,
    registry: scriptedTypes,
    readMaxBytes,
    ignoreUnknownFields: true,
  });
  const port = Number(new URL(listener.url).port);
  return { port: { "HTTP/1.1": port, "HTTP/2": port }, close: () => listener.close(0) };
}

/** Serves with connect-node and nothing else. */
export async function serveConnectNode(options: StackOptions): Promise<Stack> {
  const handle = connectNodeAdapter({
    ...options,
    acceptCompression: [compressionGzip, compressionBrotli],
    compressMinBytes,
    jsonOptions: { registry: scriptedTypes },
    readMaxBytes,
  });
  const http1 = createHttp1Server(handle);
  const http2 = createHttp2Server(handle);
  const sessions = new Set<Http2Session>();
  http2.on("session", (session) => sessions.add(session));
  const [port1, port2] = await Promise.all([portOf(http1), portOf(http2)]);
  return {
    port: { "HTTP/1.1": port1, "HTTP/2": port2 },
    async close() {
      http1.closeAllConnections();
      for (const session of sessions) {
        session.destroy();
      }
      await Promise.all([http1, http2].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
