import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { makeToken } from "../../src/cli/make-token.ts";
import { type Served, startServed } from "../resilience/served.ts";
import { makeDirectory, removeDirectory } from "../support/data-directory.ts";
import type { Upstream } from "./proxy.ts";
import { pushPath, statusJson } from "./refusals.ts";

/** Two servers on one store, at one port of two addresses, as docs/proxies.md assumes. */
export type Site = {
  readonly servers: [Served, Served];
  readonly upstreams: readonly [Upstream, Upstream];
  readonly tokens: {
    /** For operator 65001. */
    readonly push: string;
    readonly read: string;
    /** For operator 65003, which has used up its rate on both servers. */
    readonly limited: string;
  };
  /** Starts as many calls on both servers as may be in flight. Resolves with the function that ends them. */
  overload(): Promise<() => Promise<void>>;
  /** Stops a server by SIGTERM and starts it again on the same port. Resolves with its exit code. */
  restart(index: 0 | 1): Promise<number | null>;
  [Symbol.asyncDispose](): Promise<void>;
};

const hosts = ["127.0.0.1", "127.0.0.2"] as const;
const maxInFlight = 48;
const daySeconds = 24 * 3600;

/** Starts the servers. `settings` are further ones, as `--set` takes them. */
export async function startSite(settings: readonly string[] = []): Promise<Site> {
  const data = await makeDirectory();
  const start = (host: string, port: number, admin: number) =>
    startServed({
      data,
      port,
      args: [
        ...["--host", host, "--admin", `${host}:${admin}`, "--log-level", "info"],
        ...[
          'listen.trustedProxies=["127.0.0.1"]',
          "lifecycle.drainDelay=2s",
          "limits.maxEventLoopDelay=0s",
          `limits.maxInFlight=${maxInFlight}`,
          'limits.operatorRates=[{"asn":65003,"rate":{"perSecond":0.001,"burst":1}}]',
          // Nothing listens on port 1: opaque tokens cannot be verified.
          "auth.introspection.endpoint=http://127.0.0.1:1/",
          "auth.introspection.clientId=mdps",
          "auth.introspection.clientSecretEnv=SITE_SECRET",
          ...settings,
        ].flatMap((setting) => ["--set", setting]),
      ],
      env: { SITE_SECRET: "secret" },
    });
  const adminPortOf = ({ admin }: Served) => Number(new URL(admin ?? "").port);
  const first = await start(hosts[0], 0, 0);
  const second = await start(hosts[1], first.port, adminPortOf(first));
  const servers: [Served, Served] = [first, second];
  const upstreams = hosts.map((host) => ({ host, port: first.port, adminPort: adminPortOf(first) }));
  const limited = await makeToken(data, 65_003, "push", daySeconds);
  const useUpRate = ({ url }: Served) => pushDirectly(url, limited, 65_003);
  await Promise.all(servers.map(useUpRate));
  return {
    servers,
    upstreams: upstreams as unknown as Site["upstreams"],
    tokens: { ...first.tokens, limited },
    async overload() {
      const sockets: Socket[] = [];
      const push = ({ url }: Served) => pushDirectly(url, first.tokens.push, 65_001);
      for (const server of servers) {
        // Again and again, because the server also limits how many tokens it verifies at once.
        do {
          sockets.push(...(await holdCalls(server, first.tokens.push)));
        } while ((await push(server)) !== 503);
      }
      return async () => {
        for (const socket of sockets) {
          socket.destroy();
        }
        for (const server of servers) {
          let status: number;
          do {
            status = await push(server);
          } while (status !== 200);
        }
      };
    },
    async restart(index) {
      const old = servers[index];
      old.signal("SIGTERM");
      const { exitCode } = await old.ended;
      servers[index] = await start(hosts[index], old.port, adminPortOf(old));
      await useUpRate(servers[index]);
      return exitCode;
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) {
        server.signal("SIGKILL");
        await server.ended;
      }
      await removeDirectory(data);
    },
  };
}

async function pushDirectly(url: string, token: string, asn: number): Promise<number> {
  const response = await fetch(url + pushPath(asn, "direct"), {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: new Uint8Array(statusJson()),
  });
  await response.arrayBuffer();
  return response.status === 409 ? 200 : response.status;
}

/** Opens calls whose bodies never end. */
async function holdCalls({ url, port }: Served, token: string): Promise<Socket[]> {
  const head = `POST ${pushPath(65_001, "held")} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\nContent-Length: 1000\r\n\r\n{`;
  return Promise.all(
    Array.from({ length: maxInFlight / 2 }, async () => {
      const socket = connect(port, new URL(url).hostname);
      socket.on("error", () => undefined);
      await once(socket, "connect");
      socket.write(head);
      return socket;
    }),
  );
}
