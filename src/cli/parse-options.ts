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
