import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from "node:net";

/**
 * Returns the one spelling of an IP address, so that addresses can be compared as text: without a zone, and an
 * IPv4-mapped address as IPv4. Returns undefined for any other text, such as a host name.
 */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) {
    return text;
  }
  if (!isIPv6(text)) {
    return undefined;
  }
  // First the spelling of sockets, because creating a SocketAddress costs ten times as much.
  const mapped = unmapped(text);
  if (mapped !== undefined) {
    return mapped;
  }
  const { address } = new SocketAddress({ address: text, family: "ipv6" });
  return unmapped(address) ?? address;
}

/** Returns the IPv4 address in `::ffff:192.0.2.1`; undefined for other texts. */
function unmapped(address: string): string | undefined {
  const prefix = "::ffff:";
  const rest = address.slice(prefix.length);
  return address.startsWith(prefix) && isIPv4(rest) ? rest : undefined;
}

/**
 * Returns the part of a canonical address that names its holder: an IPv4 address itself, and the first 64 bits of an
 * IPv6 address, because one holder has all addresses that begin with them.
 */
export function holderOf(address: string): string {
  if (isIPv4(address)) {
    return address;
  }
  return `${wordsOf(address).slice(0, 4).join(":")}::/64`;
}

/** An address, or all addresses with the same first bits (RFC 4632, RFC 4291 2.3). */
export type Network = { readonly address: string; readonly prefix: number };

/**
 * Parses an address or a network, such as `10.0.0.0/8` or `2001:db8::1`. Returns undefined for any other text, and for a
 * prefix of 0 bits, which would mean every address.
 */
export function parseNetwork(text: string): Network | undefined {
  const [, written = "", bits] = /^([0-9A-Fa-f.:]+)(?:\/([1-9]\d{0,2}))?$/.exec(text) ?? [];
  const address = canonicalAddress(written);
  if (address === undefined) {
    return undefined;
  }
  const size = isIPv4(address) ? 32 : 128;
  // The prefix of an IPv4-mapped address counts the 96 bits that IPv4 does not have.
  const prefix = bits === undefined ? size : Number(bits) - (isIPv6(written) && size === 32 ? 96 : 0);
  return prefix >= 1 && prefix <= size ? { address, prefix } : undefined;
}

/** Returns the first address of a network, in its canonical spelling. */
export function networkAddress({ address, prefix }: Network): string {
  const separator = isIPv4(address) ? "." : ":";
  const [size, base] = isIPv4(address) ? [8, 10] : [16, 16];
  const words = isIPv4(address) ? address.split(".") : wordsOf(address);
  const masked = words.map((word, index) => {
    const kept = Math.min(size, Math.max(0, prefix - index * size));
    const mask = 2 ** size - 2 ** (size - kept);
    return (Number.parseInt(word, base) & mask).toString(base);
  });
  return canonicalAddress(masked.join(separator)) ?? address;
}

/** Returns the eight numbers of an IPv6 address, in hexadecimal. */
function wordsOf(address: string): string[] {
  const [before = "", after] = address.replace(/\d+(\.\d+){3}$/, "0:0").split("::");
  const [head, tail] = [before, after ?? ""].map((part) => (part === "" ? [] : part.split(":")));
  const zeros = after === undefined ? 0 : 8 - (head?.length ?? 0) - (tail?.length ?? 0);
  return [...(head ?? []), ...new Array<string>(zeros).fill("0"), ...(tail ?? [])];
}

/** Returns a function that tells whether a canonical address is in one of the networks. */
export function createNetworkCheck(networks: readonly Network[]): (address: string) => boolean {
  const list = new BlockList();
  for (const { address, prefix } of networks) {
    list.addSubnet(address, prefix, familyOf(address));
  }
  return (address) => list.check(address, familyOf(address));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}
