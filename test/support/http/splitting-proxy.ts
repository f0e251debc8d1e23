import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";

/** A proxy for TCP that hands on what clients send one byte at a time. */
export type SplittingProxy = AsyncDisposable & { readonly url: string };

/** Starts a proxy to a port of this machine. The first `bytes` bytes of each connection arrive one by one. */
export async function startSplittingProxy(port: number, bytes = 64): Promise<SplittingProxy> {
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(port, "127.0.0.1").setNoDelay(true);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    server.pipe(client);
    void split(client, server, bytes);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) {
        socket.destroy();
      }
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

async function split(from: Socket, to: Socket, bytes: number): Promise<void> {
  let left = bytes;
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      let at = 0;
      for (; at < chunk.length && left > 0; at++, left--) {
        await new Promise((resolve) => to.write(chunk.subarray(at, at + 1), resolve));
        await setImmediate();
      }
      to.write(chunk.subarray(at));
    }
    to.end();
  } catch {
    // One side went away: the test has what it came for.
  }
}
