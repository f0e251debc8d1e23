import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import { onTestFinished } from "vitest";

export type ConnectProxy = {
  /** Without user and password. */
  readonly url: string;
  /** Host and port. */
  readonly name: string;
  /** The targets of all requests so far, such as `localhost:443`. */
  readonly asked: string[];
};

export type ProxyOptions = {
  /** User and password that it requires, as `user:password`. */
  credentials?: string;
  /** What it writes instead of opening a tunnel; nothing if empty. */
  answer?: string;
  /** Speaks TLS with this certificate. */
  tls?: { cert: string; key: string };
  /** Where every tunnel leads, instead of the host that was asked for. */
  port?: number;
};

/** Starts a proxy that opens tunnels (CONNECT) until the test ends. */
export async function startConnectProxy(options: ProxyOptions = {}): Promise<ConnectProxy> {
  const { credentials, answer, tls, port } = options;
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  const expected = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`;
  const server = tls ? createTlsServer(tls) : createServer();
  server.on("connect", ({ url = "", headers }: IncomingMessage, client: Duplex) => {
    asked.push(url);
    sockets.add(client);
    client.on("error", () => undefined);
    if (expected !== undefined && headers["proxy-authorization"] !== expected) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n');
    } else if (answer !== undefined) {
      client.end(answer);
    } else {
      const { hostname, port: asPort } = new URL(`https://${url}`);
      const target = connect(port ?? Number(asPort || 443), port ? "127.0.0.1" : hostname, () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        client.pipe(target).pipe(client);
      });
      sockets.add(target);
      target.on("error", () => client.destroy());
      client.on("close", () => target.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) {
      socket.destroy();
    }
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const name = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: `${tls ? "https" : "http"}://${name}`, name, asked };
}
