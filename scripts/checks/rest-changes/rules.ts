import type { Json } from "../../generate/describe/json.ts";
import { isSame, lacking, objectOf, type Report, shown } from "./found.ts";

/** Reports values that a keyword of JSON Schema or `buf.validate` rejects now and accepted before. */
type Comparison = (path: string, before: Json, after: Json, report: Report) => void;

/** A lower bound: may be lowered or removed. */
const lowerBound: Comparison = (path, before, after, report) => {
  if (after !== undefined && !(numberOf(after) <= numberOf(before, Number.NEGATIVE_INFINITY))) {
    report(path, `is a lower bound, and was raised from ${shown(before)} to ${shown(after)}`);
  }
};

/** A lower bound of a count, which is never negative. */
const lowerCount: Comparison = (path, before, after, report) =>
  lowerBound(path, before ?? 0, after ?? 0, report);

const upperBound: Comparison = (path, before, after, report) => {
  if (after !== undefined && !(numberOf(after) >= numberOf(before, Number.POSITIVE_INFINITY))) {
    report(path, `is an upper bound, and was lowered from ${shown(before)} to ${shown(after)}`);
  }
};

/** A list of allowed values; without the list, every value is allowed. */
const allowed: Comparison = (path, before, after, report) => {
  if (after === undefined) {
    return;
  }
  if (before === undefined) {
    report(path, `allows only ${shown(after)} now`);
    return;
  }
  for (const value of lacking(before, after)) {
    report(path, `no longer allows ${shown(value)}`);
  }
};

/** A list of rejected values. */
const rejected: Comparison = (path, before, after, report) => {
  for (const value of lacking(after, before)) {
    report(path, `rejects ${shown(value)} now`);
  }
};

/** A flag: may be removed. */
const constraint: Comparison = (path, before, after, report) => {
  if (after !== undefined && after !== false && !isSame(before, after)) {
    report(path, `was changed from ${shown(before)} to ${shown(after)}`);
  }
};

/** A keyword whose every change is breaking. */
const meaning: Comparison = (path, before, after, report) => {
  if (!isSame(before, after)) {
    report(path, `was changed from ${shown(before)} to ${shown(after)}`);
  }
};

const ignored: Comparison = () => undefined;

/** The keywords of JSON Schema that the document uses, except those that refer to other schemas. */
export const keywords: Readonly<Record<string, Comparison>> = {
  ...{
    type: allowed,
    enum: allowed,
    const: constraint,
    format: meaning,
    pattern: constraint,
    not: constraint,
  },
  ...{ minimum: lowerBound, exclusiveMinimum: lowerBound, maximum: upperBound, exclusiveMaximum: upperBound },
  ...{ minLength: lowerCount, minItems: lowerCount, minProperties: lowerCount },
  ...{ maxLength: upperBound, maxItems: upperBound, maxProperties: upperBound },
  ...{ uniqueItems: constraint, readOnly: constraint, required: rejected, allOf: rejected },
  ...{
    "x-buf-validate": (...args) => compareRules(...args),
    "x-resource-name": (...args) => compareName(...args),
  },
  ...{
    description: ignored,
    title: ignored,
    example: ignored,
    deprecated: ignored,
    "x-enum-values": ignored,
  },
  // What it says about the JSON is in `allOf` too.
  "x-oneofs": ignored,
};

/** Rules of `buf.validate` by name, of any type. */
const rules: Readonly<Record<string, Comparison>> = {
  ...{ minLen: lowerCount, minBytes: lowerCount, minItems: lowerCount, minPairs: lowerCount },
  ...{ maxLen: upperBound, maxBytes: upperBound, maxItems: upperBound, maxPairs: upperBound },
  ...{ gt: lowerBound, gte: lowerBound, lt: upperBound, lte: upperBound },
  ...{ in: allowed, notIn: rejected, cel: rejected, celExpression: rejected, oneof: rejected },
};

/** Compares `buf.validate` options as JSON. Rules may be removed or loosened; an unknown rule may only be removed. */
function compareRules(...[path, before, after, report]: Parameters<Comparison>): void {
  const [old, now] = [objectOf(before), objectOf(after)];
  // It exempts values from the other rules, so removing it tightens them.
  meaning(`${path}.ignore`, old.ignore, now.ignore, report);
  for (const [name, value] of Object.entries(now)) {
    if (name === "ignore") {
      continue;
    }
    const compare = rules[name] ?? (isObject(value) ? compareRules : constraint);
    compare(`${path}.${name}`, old[name], value, report);
  }
}

function compareName(...[path, before, after, report]: Parameters<Comparison>): void {
  const [old, now] = [objectOf(before), objectOf(after)];
  meaning(`${path}.template`, old.template, now.template, report);
  compareRules(`${path}.x-buf-validate`, old["x-buf-validate"], now["x-buf-validate"], report);
}

function isObject(value: Json): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads numbers, int64 strings and durations. Other values become NaN, which compares with nothing and is reported. */
function numberOf(value: Json, absent = Number.NaN): number {
  if (value === undefined) {
    return absent;
  }
  return typeof value === "number" ? value : Number(String(value).replace(/^(-?[\d.]+)s$/, "$1"));
}
