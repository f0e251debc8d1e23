import { createContextKey } from "@connectrpc/connect";

/**
 * Context value with the IP address of the client of a call, in canonical form; undefined if it has disconnected. Behind
 * a proxy of `listen.trustedProxies`, it is the address that the proxy reports. For logs and limits only: an address
 * never authorizes anything.
 */
export const clientAddressKey = createContextKey<string | undefined>(undefined, {
  description: "IP address of the client",
});
