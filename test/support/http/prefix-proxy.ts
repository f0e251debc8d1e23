import { createServer as createHttpServer, request } from "node:http";
import { connect, createServer as createHttp2Server, type Http2Session } from "node:http2";
import type { AddressInfo, Server } from "node:net";

/** A proxy that serves a server of this machine under a path, which it removes. Other paths get 404. */
export type PrefixProxy = AsyncDisposable & {
  /** With the path. */
  readonly url: string;
  /** The server that requests are sent to from now on. */
  target: string;
  /** The paths of all requests, as clients sent them. */
  readonly paths: readonly string[];
};

/** Starts a proxy for HTTP/1.1, or for HTTP/2 without TLS. */
export async function startPrefixProxy(prefix: string, version: 1 | 2 = 1): Promise<PrefixProxy> {
  const paths: string[] = [];
  const proxy = { target: "", paths };
  const sessions = new Set<Http2Session>();
  const inner = (path: string) => {
    paths.push(path);
    return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
  };

  function startHttp1(): Server {
    return createHttpServer((incoming, outgoing) => {
      const path = inner(incoming.url ?? "");
      if (path === undefined) {
        outgoing.writeHead(404).end("another service");
        return;
      }
      const { method, headers } = incoming;
      const onward = request(proxy.target, { method, headers, path }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on("error", () => outgoing.destroy());
      incoming.pipe(onward);
    });
  }

  function startHttp2(): Server {
    return createHttp2Server().on("stream", (incoming, { ":path": whole = "", ...headers }) => {
      const path = inner(whole);
      if (path === undefined) {
        incoming.respond({ ":status": 404 }, { endStream: true });
        return;
      }
      const session = connect(proxy.target);
      sessions.add(session);
      const onward = session.request({ ...headers, ":path": path });
      let trailers = {};
      onward.on("trailers", (received) => {
        trailers = { ...received };
      });
      onward.on("response", (answer) => {
        incoming.respond(answer, { waitForTrailers: true });
        incoming.once("wantTrailers", () => {
          incoming.sendTrailers(trailers);
          session.close();
        });
        onward.pipe(incoming);
      });
      incoming.pipe(onward);
    });
  }

  const server = version === 1 ? startHttp1() : startHttp2();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) {
        session.destroy();
      }
      server.close();
    },
  });
}
