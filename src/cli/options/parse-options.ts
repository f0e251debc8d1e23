import { InvalidArgumentError } from "commander";
import { endpointOf } from "../../client/endpoint.ts";
import { serverOrigin } from "../../config/value-readers.ts";
import { asnOfParent } from "../../contract/resource-names.ts";
import type { ErrorLimit } from "../../push/push-run.ts";

/** Parses an ASN in decimal. */
export function parseAsn(text: string): number {
  const asn = asnOfParent(`operators/${text}`);
  if (asn === undefined) {
    throw new InvalidArgumentError("It must be an ASN from 1 to 4294967295, without leading zeros.");
  }
  return asn;
}

/** Returns a parser of numbers that match a pattern and are at least `min`. */
export function numberParser(pattern: RegExp, min: number, expected: string): (text: string) => number {
  return function parseNumber(text) {
    const number = pattern.test(text) ? Number(text) : Number.NaN;
    if (!(number >= min)) {
      throw new InvalidArgumentError(`It must be ${expected}.`);
    }
    return number;
  };
}

/** Returns a parser of whole seconds, at least `min`. */
export function parseSeconds(min: number): (text: string) => number {
  return numberParser(/^\d{1,9}$/, min, `a whole number of seconds, at least ${min}`);
}

/** Parses a whole number, at least 1. */
export const parseCount = numberParser(/^\d{1,6}$/, 1, "a whole number, at least 1");

/** Parses a rate in requests per second, which may be below 1. */
export const parseRate = numberParser(
  /^\d{1,6}(\.\d{1,3})?$/,
  Number.MIN_VALUE,
  "a number of requests per second, more than 0",
);

/** Parses the URL of a server (`serverOrigin`). */
export function parseUrl(text: string): string {
  const origin = serverOrigin(text);
  if (origin === undefined) {
    throw new InvalidArgumentError("It must be the URL of a server, such as https://mdps.example.com.");
  }
  return origin;
}

/** Returns a parser that collects the values of a repeatable option. */
export function collect<Value>(
  parse: (text: string) => Value,
): (text: string, before: Value[] | undefined) => Value[] {
  return (text, before = []) => [...before, parse(text)];
}

/** Parses the name of a service account: short, or in full as an e-mail address. */
export function parseName(text: string): string {
  if (!/^[a-z0-9][a-z0-9._-]{0,62}(@[a-z0-9][a-z0-9.-]{0,252})?$/.test(text)) {
    throw new InvalidArgumentError(
      "It must consist of lower-case letters, digits and . _ - such as operator-65001.",
    );
  }
  return text;
}

/** Parses a limit on rejected records: a count such as `20`, or a percentage such as `5%` of the records done. */
export function parseErrorLimit(text: string): ErrorLimit {
  if (/^\d{1,9}$/.test(text)) {
    return { count: Number(text) };
  }
  const percent = /^\d{1,3}(\.\d{1,3})?%$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
  if (!(percent <= 100)) {
    throw new InvalidArgumentError(
      "It must be a number of records, such as 20, or a percentage, such as 5%.",
    );
  }
  return { percent };
}

/** Checks an endpoint: the name of a Google host, or the URL of a server. */
export function parseEndpoint(text: string): string {
  try {
    endpointOf(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
