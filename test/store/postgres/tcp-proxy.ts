import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A proxy to a server on 127.0.0.1 that can fail like a network. */
export type TcpProxy = {
  readonly port: number;
  /** Resets every connection; new ones work. */
  cut(): void;
  /** Silently drops everything in both directions from now on, also of new connections. */
  drop(): void;
  /** Forwards new connections again; the others stay dead. */
  forward(): void;
  close(): Promise<void>;
};

/** Starts a proxy to a local port. */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let forwards = true;

  const server = createServer((near) => {
    sockets.add(near);
    near.on("error", () => undefined);
    near.on("close", () => sockets.delete(near));
    if (!forwards) {
      near.resume();
      return;
    }
    const far = connect(target, "127.0.0.1");
    sockets.add(far);
    far.on("error", () => near.destroy());
    far.on("close", () => {
      sockets.delete(far);
      near.destroy();
    });
    near.on("close", () => far.destroy());
    near.on("data", (bytes) => forwards && far.write(bytes));
    far.on("data", (bytes) => forwards && near.write(bytes));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  const cut = () => {
    for (const socket of sockets) {
      socket.resetAndDestroy();
    }
  };
  return {
    port: (server.address() as { port: number }).port,
    cut,
    drop() {
      forwards = false;
    },
    forward() {
      forwards = true;
    },
    async close() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
