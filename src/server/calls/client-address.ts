import { canonicalAddress, createNetworkCheck, parseNetwork } from "../../contract/ip-address.ts";
import type { HttpRequest } from "../http-handler.ts";
import { reportedAddresses } from "./forwarded.ts";

/** Returns the IP address of the client of a request, in canonical form; undefined if it has disconnected. */
export type ClientAddress = (request: HttpRequest) => string | undefined;

/** Returns whether a canonical address is that of a trusted proxy. */
export type IsProxy = (address: string) => boolean;

/**
 * Creates the check of peers from addresses and networks such as `10.0.0.0/8`; undefined for an empty list. Throws
 * TypeError for any other text.
 */
export function createProxyCheck(trustedProxies: readonly string[] = []): IsProxy | undefined {
  const networks = trustedProxies.map((text) => {
    const network = parseNetwork(text);
    if (network === undefined) {
      throw new TypeError(`trustedProxies: ${text} must be an IP address or a network, such as 10.0.0.0/8`);
    }
    return network;
  });
  return networks.length === 0 ? undefined : createNetworkCheck(networks);
}

/**
 * Creates the function that finds the client of a request. It is the peer of the connection unless that is a trusted
 * proxy: then it is the nearest address in `X-Forwarded-For` or `Forwarded` (RFC 7239) that is not a trusted proxy. They
 * are read from the right, because each proxy appends its peer and a client can send any text before that. The first
 * address that cannot be read ends the search, so the client is then the last proxy that is known.
 */
export function createClientAddress(isProxy: IsProxy | undefined): ClientAddress {
  if (isProxy === undefined) {
    return peerOf;
  }
  return function clientOf(request) {
    let address = peerOf(request);
    if (address === undefined || !isProxy(address)) {
      return address;
    }
    for (const reported of reportedAddresses(request.headers)) {
      address = reported;
      if (!isProxy(address)) {
        break;
      }
    }
    return address;
  };
}

/** Returns the other end of the connection of a request. */
export function peerOf(request: HttpRequest): string | undefined {
  if ("stream" in request && request.stream.session?.destroyed !== false) {
    // Its socket throws.
    return undefined;
  }
  const { remoteAddress } = request.socket;
  return remoteAddress === undefined ? undefined : canonicalAddress(remoteAddress);
}
