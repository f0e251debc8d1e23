import { type Agent, Agent as HttpAgent } from "node:http";
import { type AgentOptions, Agent as HttpsAgent } from "node:https";
import { proxyFor } from "./proxy.ts";
import { connectThrough } from "./tunnel.ts";

/** Time for a connection through a proxy, in milliseconds. */
export const connectTimeoutMs = 30_000;

/**
 * Creates the agent for the requests of `node:http` or `node:https` to the host of a URL, through the proxy that the
 * environment names. `ca` has PEM certificates to trust instead of the well-known ones. Throws TypeError for a proxy that
 * is not one.
 */
export function createAgent(url: URL, ca: string | undefined, options: AgentOptions = {}): Agent {
  if (url.protocol !== "https:") {
    return new HttpAgent(options);
  }
  const agent = new HttpsAgent({ ...options, ...(ca !== undefined && { ca }) });
  const proxy = proxyFor(url);
  if (proxy !== undefined) {
    agent.createConnection = (_, callback) => {
      connectThrough(proxy, url, { ca, timeoutMs: connectTimeoutMs, protocols: ["http/1.1"] }).then(
        (socket) => callback?.(null, socket),
        // Without a socket, for which the types have no case.
        (error: Error) => (callback as (error: Error) => void)(error),
      );
      return undefined;
    };
  }
  return agent;
}
