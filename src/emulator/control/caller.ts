import { isIP } from "node:net";
import { canonicalAddress } from "../../contract/ip-address.ts";
import { isLoopback } from "../../contract/loopback.ts";
import { peerOf } from "../../server/calls/client-address.ts";
import type { HttpRequest } from "../../server/http-handler.ts";

/** What a request tells about the program that sent it. */
export type Caller = {
  /** Address of the other end of the connection, in canonical form; undefined if it has disconnected. */
  readonly peer: string | undefined;
  readonly scheme: "http" | "https";
  /** The host and port that the request is for, as the caller wrote them. */
  readonly host: string | undefined;
  /** Each value of `Host`, also if another one counts: that of `:authority` or of a target in absolute form. */
  readonly hosts: readonly string[];
  /** Each value of `Origin`. */
  readonly origins: readonly string[];
  /** Each value of `Sec-Fetch-Site`. */
  readonly sites: readonly string[];
};

/** Reads what a request tells. The values of a header are those that were sent: Node drops or joins some. */
export function callerOf(request: HttpRequest): Caller {
  const { rawHeaders, headers } = request;
  const sent = new Map<string, string[]>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    sent.set(name, [...(sent.get(name) ?? []), rawHeaders[at + 1] as string]);
  }
  return {
    peer: peerOf(request),
    scheme: "encrypted" in request.socket && request.socket.encrypted === true ? "https" : "http",
    host: (headers[":authority"] as string | undefined) ?? headers.host,
    hosts: sent.get("host") ?? [],
    origins: sent.get("origin") ?? [],
    sites: sent.get("sec-fetch-site") ?? [],
  };
}

/**
 * Returns why a caller may not control the emulator, and what to do; undefined if it may. With `isExposed`, programs of
 * other machines may, under any name of this one, but never pages of another origin.
 */
export function refusalOf(caller: Caller, isExposed: boolean): string | undefined {
  return (
    (isExposed ? reboundPage(caller) : (foreignPeer(caller) ?? foreignHost(caller))) ??
    foreignOrigin(caller) ??
    foreignSite(caller)
  );
}

function foreignPeer({ peer }: Caller): string | undefined {
  return peer !== undefined && isLoopback(peer)
    ? undefined
    : `only programs on its own machine may control the emulator, and this request is from ${peer ?? "a closed connection"}: start it with --expose-control to allow other machines`;
}

/** A page whose name was made to point to this machine (DNS rebinding) sends its own name. */
function foreignHost({ host, hosts }: Caller): string | undefined {
  const expected = "localhost, 127.0.0.1 or [::1], with any port";
  if (host === undefined) {
    return `the request has no Host: send ${expected}`;
  }
  const foreign = [host, ...hosts].find((each) => !isLoopbackAuthority(each));
  return foreign === undefined
    ? undefined
    : `the Host of the request is ${JSON.stringify(foreign)}, which may be a page of another site: use ${expected}, or start the emulator with --expose-control`;
}

/**
 * A page of an emulator that other machines may control: its origin is the name that it was opened with. Anyone who owns a
 * domain can make its names point to the emulator, and then a page of theirs has the same origin as the emulator.
 */
function reboundPage({ host = "", origins, sites }: Caller): string | undefined {
  const isPage = origins.length > 0 || sites.includes("same-origin");
  return isPage && !isAddressOrShortName(host)
    ? `pages may only control the emulator at an address or a name without a dot, and the Host of this request is ${JSON.stringify(host)}: open the page at an address, or use a program instead of a page`
    : undefined;
}

/** Browsers send the origin of a page with each request that could change something. */
function foreignOrigin({ origins, scheme, host = "" }: Caller): string | undefined {
  const own = originOf(scheme, host);
  return origins.every((origin) => origin === own)
    ? undefined
    : `pages of another origin may not control the emulator, and the Origin of this request is ${JSON.stringify(origins.join(", "))}: use a program instead of a page`;
}

/** Browsers send it for a GET too, which has no Origin. `none`: the user typed the address. */
function foreignSite({ sites }: Caller): string | undefined {
  return sites.every((site) => site === "same-origin" || site === "none")
    ? undefined
    : `pages of another origin may not control the emulator, and the Sec-Fetch-Site of this request is ${JSON.stringify(sites.join(", "))}: use a program instead of a page`;
}

/** Returns whether a `Host` is `localhost` or a loopback address, in the one spelling that browsers send, with or without a port. */
function isLoopbackAuthority(host: string): boolean {
  const [, bracketed, plain = ""] = /^(?:\[([\da-f:.]+)\]|([\da-z.-]+))(?::\d{0,5})?$/i.exec(host) ?? [];
  if (bracketed !== undefined) {
    return isIP(bracketed) === 6 && isLoopback(canonicalAddress(bracketed) ?? "");
  }
  const name = plain.toLowerCase();
  return name === "localhost" || name === "localhost." || (isIP(name) === 4 && isLoopback(name));
}

/** Returns whether a `Host` is no name in a domain. */
function isAddressOrShortName(host: string): boolean {
  const name = host.replace(/:\d*$/, "");
  return name.startsWith("[") || isIP(name) === 4 || !name.includes(".");
}

function originOf(scheme: string, host: string): string | undefined {
  try {
    return new URL(`${scheme}://${host}`).origin;
  } catch {
    return undefined;
  }
}
