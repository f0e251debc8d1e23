import type { Json } from "../../generate/describe/json.ts";
import { isSame, lacking, objectOf, type Report, shown } from "./found.ts";

/** Reports what a keyword of JSON Schema or of buf.validate refuses now and did not before. */
type Comparison = (path: string, before: Json, after: Json, report: Report) => void;

/** Nothing below it was refused, so that it may be lowered or dropped. */
const lowerBound: Comparison = (path, before, after, report) => {
  if (after !== undefined && !(numberOf(after) <= numberOf(before, Number.NEGATIVE_INFINITY))) {
    report(path, `is a lower bound, and was raised from ${shown(before)} to ${shown(after)}`);
  }
};

/** As {@link lowerBound}, for what counts, and so is never below zero. */
const lowerCount: Comparison = (path, before, after, report) =>
  lowerBound(path, before ?? 0, after ?? 0, report);

const upperBound: Comparison = (path, before, after, report) => {
  if (after !== undefined && !(numberOf(after) >= numberOf(before, Number.POSITIVE_INFINITY))) {
    report(path, `is an upper bound, and was lowered from ${shown(before)} to ${shown(after)}`);
  }
};

/** What is allowed; absent, everything is. */
const allowed: Comparison = (path, before, after, report) => {
  if (after === undefined) {
    return;
  }
  if (before === undefined) {
    report(path, `allows only ${shown(after)} now`);
    return;
  }
  for (const value of lacking(before, after)) {
    report(path, `does not allow ${shown(value)} any more`);
  }
};

/** What is refused, each by itself. */
const refused: Comparison = (path, before, after, report) => {
  for (const value of lacking(after, before)) {
    report(path, `refuses ${shown(value)} now`);
  }
};

/** Holds or does not: may be dropped. */
const constraint: Comparison = (path, before, after, report) => {
  if (after !== undefined && after !== false && !isSame(before, after)) {
    report(path, `was changed from ${shown(before)} to ${shown(after)}`);
  }
};

/** Means something else after every change. */
const meaning: Comparison = (path, before, after, report) => {
  if (!isSame(before, after)) {
    report(path, `was changed from ${shown(before)} to ${shown(after)}`);
  }
};

const ignored: Comparison = () => undefined;

/** The keywords of JSON Schema that the document uses, but those that lead to other schemas. */
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
  ...{ uniqueItems: constraint, readOnly: constraint, required: refused, allOf: refused },
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
  // What it says about the JSON stands in `allOf` too.
  "x-oneofs": ignored,
};

/** Rules of buf.validate by name, of whatever type. */
const rules: Readonly<Record<string, Comparison>> = {
  ...{ minLen: lowerCount, minBytes: lowerCount, minItems: lowerCount, minPairs: lowerCount },
  ...{ maxLen: upperBound, maxBytes: upperBound, maxItems: upperBound, maxPairs: upperBound },
  ...{ gt: lowerBound, gte: lowerBound, lt: upperBound, lte: upperBound },
  ...{ in: allowed, notIn: refused, cel: refused, celExpression: refused, oneof: refused },
};

/** Compares buf.validate options as JSON: rules may be dropped and loosened. A rule without a table of its own may only be dropped. */
function compareRules(...[path, before, after, report]: Parameters<Comparison>): void {
  const [old, now] = [objectOf(before), objectOf(after)];
  // It exempts values from the other rules: to drop it is to tighten them.
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

/** Numbers, also as int64 has them in JSON, and durations. What is none compares with nothing: it is reported. */
function numberOf(value: Json, absent = Number.NaN): number {
  if (value === undefined) {
    return absent;
  }
  return typeof value === "number" ? value : Number(String(value).replace(/^(-?[\d.]+)s$/, "$1"));
}
