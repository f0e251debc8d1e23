import { type Duration, durationFromMs } from "@bufbuild/protobuf/wkt";
import { asnOfParent, parentOf } from "../contract/resource-names.ts";
import { closestMatch, didYouMean } from "../contract/unknown-names/did-you-mean.ts";

/** Throws a RangeError that names the argument. What a message cannot carry is checked here, the rest by the emulator. */
export function rejectArgument(field: string, value: unknown, expected: string): never {
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  throw new RangeError(`${field}: is ${shown}: ${expected}`);
}

/** Throws if an object has a property that is not known: in JavaScript, nothing else would report the typo. */
export function requireKnownProperties(
  subject: string,
  value: object,
  known: Readonly<Record<string, true>>,
): void {
  if (typeof value !== "object" || value === null) {
    throw new RangeError(`${subject}: must be an object`);
  }
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(known, name)) {
      const names = Object.keys(known);
      const suggestion = didYouMean(closestMatch(name, names));
      throw new RangeError(`${name}: is unknown: ${subject} may have ${names.join(", ")}${suggestion}`);
    }
  }
}

/** Returns the value of a name. Throws RangeError if the name does not exist. */
export function namedValue<Value>(
  field: string,
  name: string,
  values: Readonly<Record<string, Value>>,
  names: readonly string[] = Object.keys(values),
): Value {
  const value = names.includes(name) ? values[name] : undefined;
  if (value === undefined) {
    const suggestion = didYouMean(closestMatch(String(name), names));
    return rejectArgument(field, name, `must be one of ${names.join(", ")}${suggestion}`);
  }
  return value;
}

/** Returns a duration. Throws RangeError unless `ms` is a finite number. */
export function durationOf(field: string, ms: number): Duration {
  if (!Number.isFinite(ms)) {
    rejectArgument(field, ms, "must be a number of milliseconds");
  }
  return durationFromMs(ms);
}

/** Returns a time in ms since 1970. Throws RangeError unless it is from 1970 to 9999. */
export function timeOf(field: string, time: Date | string): number {
  const ms = new Date(time ?? Number.NaN).getTime();
  if (!(ms >= 0 && ms <= lastTimeMs)) {
    rejectArgument(field, time, "must be a time from 1970 to 9999, such as 2026-12-01T12:00:00Z");
  }
  return ms;
}

const lastTimeMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Returns `operators/{asn_id}`. Throws RangeError unless `asn` is an ASN. */
export function operatorOf(field: string, asn: number): string {
  const parent = parentOf(asn);
  if (typeof asn !== "number" || asnOfParent(parent) === undefined) {
    rejectArgument(field, asn, "must be an ASN, a whole number from 1 to 4294967295");
  }
  return parent;
}
