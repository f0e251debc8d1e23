import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A way to a server on 127.0.0.1 that can be broken as networks break. */
export type TcpProxy = {
  readonly port: number;
  /** Resets every connection; new ones are made as before. */
  cut(): void;
  /** From now on carries nothing in either direction, of new connections neither, and says nothing. */
  swallow(): void;
  /** Carries again: for new connections, the others stay dead. */
  carry(): void;
  close(): Promise<void>;
};

/** Starts a proxy to a port of this machine. */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let carries = true;

  const server = createServer((near) => {
    sockets.add(near);
    near.on("error", () => undefined);
    near.on("close", () => sockets.delete(near));
    if (!carries) {
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
    near.on("data", (bytes) => carries && far.write(bytes));
    far.on("data", (bytes) => carries && near.write(bytes));
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
    swallow() {
      carries = false;
    },
    carry() {
      carries = true;
    },
    async close() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
