import { createServer } from "node:net";

/**
 * Whether several processes may listen to one port (SO_REUSEPORT): then the system deals out connections, and resets those
 * of a process that dies. Elsewhere node:cluster has to hand each one over, and one that is on its way to a process that
 * dies hangs until its client gives up.
 */
export const canReusePort = process.platform === "linux";

/**
 * Resolves if nobody listens to a port. Rejects with the error of the system otherwise: a port that may be shared would
 * be shared with strangers too.
 */
export function requireFreePort(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  });
}
