import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A server behind the balancer. */
export type Backend = {
  readonly port: number;
  /** Returns whether it accepts new connections. Called periodically. */
  isReady(): Promise<boolean>;
};

/** A TCP load balancer on this machine. */
export type Balancer = {
  readonly port: number;
  /** Servers that were ready at the last check. */
  readyBackends(): readonly Backend[];
  close(): Promise<void>;
};

/** Interval between readiness checks, in ms. */
const checkIntervalMs = 100;

/**
 * Starts a balancer that assigns each new connection to the next ready server and never moves it: GOAWAY of the server
 * and retries of the client must handle a restart. Closes the connection if no server is ready.
 */
export async function startBalancer(backends: () => readonly Backend[]): Promise<Balancer> {
  let ready: readonly Backend[] = [];
  let turn = 0;
  let closing = false;
  const checkReadiness = async () => {
    const all = backends();
    const answers = await Promise.all(all.map((backend) => backend.isReady()));
    ready = all.filter((_, index) => answers[index]);
    if (!closing) {
      timer = setTimeout(checkReadiness, checkIntervalMs);
    }
  };
  let timer: NodeJS.Timeout | undefined;
  await checkReadiness();

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
