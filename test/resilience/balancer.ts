import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A server behind the balancer. */
export type Backend = {
  readonly port: number;
  /** Says whether it wants new connections; asked again and again. */
  isReady(): Promise<boolean>;
};

/** A balancer of TCP connections on this machine. */
export type Balancer = {
  readonly port: number;
  /** Servers that were ready when they were last asked. */
  readyBackends(): readonly Backend[];
  close(): Promise<void>;
};

/** How often each server is asked, in ms. */
const askEveryMs = 100;

/**
 * Starts a balancer that gives each new connection to the next server that is ready, and leaves it there: what comes
 * after, the server's GOAWAY and the client's retries have to settle. With no server ready a connection is closed.
 */
export async function startBalancer(backends: () => readonly Backend[]): Promise<Balancer> {
  let ready: readonly Backend[] = [];
  let turn = 0;
  let closing = false;
  const ask = async () => {
    const all = backends();
    const answers = await Promise.all(all.map((backend) => backend.isReady()));
    ready = all.filter((_, index) => answers[index]);
    if (!closing) {
      timer = setTimeout(ask, askEveryMs);
    }
  };
  let timer: NodeJS.Timeout | undefined;
  await ask();

  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const backend = ready[turn++ % Math.max(1, ready.length)];
    near.on("error", () => undefined);
    if (backend === undefined) {
      near.destroy();
      return;
    }
    const far = connect({ port: backend.port, host: "127.0.0.1", allowHalfOpen: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    readyBackends: () => ready,
    async close() {
      closing = true;
      clearTimeout(timer);
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
      await once(server, "close");
    },
  };
}
