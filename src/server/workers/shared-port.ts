import { once } from "node:events";
import { createServer } from "node:net";
import { listening } from "../listen-error.ts";

/**
 * Whether several processes may listen on one port (SO_REUSEPORT). The system then distributes connections and resets
 * those of a process that dies. Elsewhere node:cluster passes each connection on, and a connection on its way to a process
 * that dies hangs until its client gives up.
 */
export const canReusePort = process.platform === "linux";

/**
 * Resolves if no process listens on a port; rejects with ListenError otherwise. With SO_REUSEPORT the port
 * would silently be shared with an unrelated program.
 */
export async function requireFreePort(host: string, port: number): Promise<void> {
  const server = createServer();
  server.listen({ host, port, exclusive: true });
  await listening(server, { host, port });
  await once(server.close(), "close");
}
