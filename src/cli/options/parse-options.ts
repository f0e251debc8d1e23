import { TimestampSchema, timestampDate } from "@bufbuild/protobuf/wkt";
import { InvalidArgumentError } from "commander";
import { endpointOf } from "../../client/endpoint.ts";
import { asnOfParent } from "../../contract/resource-names.ts";
import { parseServerUrl } from "../../contract/server-url.ts";
import type { ErrorLimit } from "../../push/push-run.ts";
import { createJsonReader } from "../../transcoding/index.ts";

/** Parses an operator: an ASN in decimal, or as it is written in names of resources (`operators/65001`) or elsewhere (`AS65001`). */
export const parseAsn = parser(
  "be an ASN from 1 to 4294967295, without leading zeros, such as 65001, AS65001 or operators/65001",
  (text) => asnOfParent(`operators/${text.replace(/^(operators\/|AS)(?=\d)/i, "")}`),
);

/** Returns a parser of numbers that match a pattern and are at least `min`. */
export function numberParser(pattern: RegExp, min: number, expected: string): (text: string) => number {
  return parser(`be ${expected}`, (text) =>
    pattern.test(text) && Number(text) >= min ? Number(text) : undefined,
  );
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

/** Parses the public URL of a server (`parseServerUrl`). */
export function parseUrl(text: string): string {
  const parsed = parseServerUrl(text);
  if ("problem" in parsed) {
    throw new InvalidArgumentError(`${parsed.problem}.`);
  }
  return parsed.url;
}

/** Parses a time in RFC 3339, from 1970 to 9999. */
export const parseTime = parser(
  "be a time in RFC 3339 from 1970 to 9999, such as 2027-01-15T12:00:00Z",
  (text) => {
    const read = createJsonReader(TimestampSchema)({ json: text, text: JSON.stringify(text) });
    const time = "message" in read ? timestampDate(read.message) : undefined;
    return time !== undefined && time.getTime() >= 0 ? time : undefined;
  },
);

/** Parses the name of a service account: short, or in full as an e-mail address. */
export const parseName = parser(
  "consist of lower-case letters, digits and . _ - such as operator-65001",
  (text) => (/^[a-z0-9][a-z0-9._-]{0,62}(@[a-z0-9][a-z0-9.-]{0,252})?$/.test(text) ? text : undefined),
);

/** Parses a limit on rejected records: a count such as `20`, or a percentage such as `5%` of the records done. */
export const parseErrorLimit = parser<ErrorLimit>(
  "be a number of records, such as 20, or a percentage, such as 5%",
  (text) => {
    if (/^\d{1,9}$/.test(text)) {
      return { count: Number(text) };
    }
    const [, percent] = /^(\d{1,3}(?:\.\d{1,3})?)%$/.exec(text) ?? [];
    return Number(percent) <= 100 ? { percent: Number(percent) } : undefined;
  },
);

/** Checks an endpoint: the name of a Google host, or the URL of a server. */
export function parseEndpoint(text: string): string {
  try {
    endpointOf(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** Returns a parser that collects the values of a repeatable option. */
export function collect<Value>(
  parse: (text: string) => Value,
): (text: string, before: Value[] | undefined) => Value[] {
  return (text, before = []) => [...before, parse(text)];
}

/** Creates a parser that rejects a text if `parse` returns undefined for it. */
export function parser<Value>(expected: string, parse: (text: string) => Value | undefined) {
  return function parseText(text: string): Value {
    const value = parse(text);
    if (value === undefined) {
      throw new InvalidArgumentError(`It must ${expected}.`);
    }
    return value;
  };
}
