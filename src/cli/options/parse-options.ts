import { InvalidArgumentError } from "commander";
import { endpointOf } from "../../client/endpoint.ts";
import { asnOfParent } from "../../contract/resource-names.ts";
import type { ErrorLimit } from "../../push/push-run.ts";

/** Reads an ASN in decimal. */
export function parseAsn(text: string): number {
  const asn = asnOfParent(`operators/${text}`);
  if (asn === undefined) {
    throw new InvalidArgumentError("It must be an ASN from 1 to 4294967295, without leading zeros.");
  }
  return asn;
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

/** Reads a number of things, at least one. */
export function parseCount(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= 1)) {
    throw new InvalidArgumentError("It must be a whole number, at least 1.");
  }
  return count;
}

/** Reads how many a second; a fraction is fewer than one. */
export function parseRate(text: string): number {
  const rate = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(rate > 0)) {
    throw new InvalidArgumentError("It must be a number of requests a second, more than 0.");
  }
  return rate;
}

/** Reads how many records may be rejected: `20`, or `5%` of those done. */
export function parseErrorLimit(text: string): ErrorLimit {
  if (/^\d{1,9}$/.test(text)) {
    return { count: Number(text) };
  }
  const percent = /^\d{1,3}(\.\d{1,3})?%$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
  if (!(percent <= 100)) {
    throw new InvalidArgumentError(
      "It must be a number of records, such as 20, or a part of them, such as 5%.",
    );
  }
  return { percent };
}

/** Reads where to push to: a name of Google's hosts, or the URL of a server. */
export function parseEndpoint(text: string): string {
  try {
    endpointOf(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
