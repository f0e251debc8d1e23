import { InvalidArgumentError } from "commander";
import { asnOfParent } from "../contract/resource-names.ts";

/** Reads an ASN in decimal. */
export function parseAsn(text: string): number {
  const asn = asnOfParent(`operators/${text}`);
  if (asn === undefined) {
    throw new InvalidArgumentError("It must be an ASN from 1 to 4294967295, without leading zeros.");
  }
  return asn;
}

/** Reads a TCP port; 0 is any free one. */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) {
    throw new InvalidArgumentError("It must be a port from 0 to 65535; 0 picks a free one.");
  }
  return port;
}

/** Reads a number of seconds, at least `least`. */
export function parseSeconds(least: number): (text: string) => number {
  return (text) => {
    const seconds = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(seconds >= least)) {
      throw new InvalidArgumentError(`It must be a whole number of seconds, at least ${least}.`);
    }
    return seconds;
  };
}

/** Reads an amount of memory in MiB. */
export function parseMebibytes(text: string): number {
  const mebibytes = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (mebibytes < 1) {
    throw new InvalidArgumentError("It must be a whole number of MiB, at least 1.");
  }
  return mebibytes;
}

/** Reads the URL of a server: a scheme and a host, perhaps a port. Returns it without a slash at the end. */
export function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isServer = url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === "/";
  if (!isServer || url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    throw new InvalidArgumentError("It must be the URL of a server, such as https://mdps.example.com.");
  }
  return url.origin;
}

/** Reads an option that may be repeated. */
export function collect<Value>(
  parse: (text: string) => Value,
): (text: string, before: Value[] | undefined) => Value[] {
  return (text, before = []) => [...before, parse(text)];
}

/** Reads the name of a service account: short, or in full in the form of an e-mail address. */
export function parseName(text: string): string {
  if (!/^[a-z0-9][a-z0-9._-]{0,62}(@[a-z0-9][a-z0-9.-]{0,252})?$/.test(text)) {
    throw new InvalidArgumentError("It must be lower-case letters, digits and . _ - such as operator-65001.");
  }
  return text;
}
