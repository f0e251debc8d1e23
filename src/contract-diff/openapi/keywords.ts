import { isSame, type Json, lacking, objectOf } from "../json.ts";
import { compareFieldRules } from "../rules/field-rules.ts";

/** Reports a breaking change: where it is, and what changed. */
type Report = (where: string, what: string) => void;

/** Reports values that a keyword of JSON Schema or `buf.validate` rejects now and accepted before. */
type Comparison = (path: string, before: Json, after: Json, report: Report) => void;

/** A lower bound: may be lowered or removed. */
const lowerBound: Comparison = (path, before, after, report) => {
  if (after !== undefined && !(numberOf(after) <= numberOf(before, Number.NEGATIVE_INFINITY))) {
    report(
      path,
      `is a lower bound, and was raised from ${shownOrNothing(before)} to ${shownOrNothing(after)}`,
    );
  }
};

/** A lower bound of a count, which is never negative. */
const lowerCount: Comparison = (path, before, after, report) =>
  lowerBound(path, before ?? 0, after ?? 0, report);

const upperBound: Comparison = (path, before, after, report) => {
  if (after !== undefined && !(numberOf(after) >= numberOf(before, Number.POSITIVE_INFINITY))) {
    report(
      path,
      `is an upper bound, and was lowered from ${shownOrNothing(before)} to ${shownOrNothing(after)}`,
    );
  }
};

/** A list of allowed values; without the list, every value is allowed. */
const allowed: Comparison = (path, before, after, report) => {
  if (after === undefined) {
    return;
  }
  if (before === undefined) {
    report(path, `allows only ${shownOrNothing(after)} now`);
    return;
  }
  for (const value of lacking(before, after)) {
    report(path, `no longer allows ${shownOrNothing(value)}`);
  }
};

/** A list of rejected values. */
const rejected: Comparison = (path, before, after, report) => {
  for (const value of lacking(after, before)) {
    report(path, `rejects ${shownOrNothing(value)} now`);
  }
};

/** A flag: may be removed. */
const constraint: Comparison = (path, before, after, report) => {
  if (after !== undefined && after !== false && !isSame(before, after)) {
    report(path, `was changed from ${shownOrNothing(before)} to ${shownOrNothing(after)}`);
  }
};

/** A keyword whose every change is breaking. */
const meaning: Comparison = (path, before, after, report) => {
  if (!isSame(before, after)) {
    report(path, `was changed from ${shownOrNothing(before)} to ${shownOrNothing(after)}`);
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
  ...{ "x-buf-validate": compareRules, "x-resource-name": compareName },
  ...{
    description: ignored,
    title: ignored,
    example: ignored,
    examples: ignored,
    $comment: ignored,
    externalDocs: ignored,
    deprecated: ignored,
    "x-enum-values": ignored,
  },
  // What it says about the JSON is in `allOf` too.
  "x-oneofs": ignored,
};

/** Compares `buf.validate` options of a field or a message, with the names of JSON. */
function compareRules(...[path, before, after, report]: Parameters<Comparison>): void {
  const [old, now] = [objectOf(withProtoNames(before)), objectOf(withProtoNames(after))];
  // The document does not say which fields know that they have no value.
  compareFieldRules(old, now, true, (isTightened, was, is) => {
    if (isTightened) {
      report(path, `was changed from ${was ?? "nothing"} to ${is ?? "nothing"}`);
    }
  });
  rejected(`${path}.oneof`, old.oneof, now.oneof, report);
}

/** Names of rules are lowerCamelCase in JSON and lower_snake_case in protos. */
function withProtoNames(value: Json): Json {
  if (Array.isArray(value)) {
    return value.map(withProtoNames);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const snakeCase = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.startsWith("[") ? name : snakeCase(name),
      withProtoNames(inner as Json),
    ]),
  );
}

function compareName(...[path, before, after, report]: Parameters<Comparison>): void {
  const [old, now] = [objectOf(before), objectOf(after)];
  meaning(`${path}.template`, old.template, now.template, report);
  compareRules(`${path}.x-buf-validate`, old["x-buf-validate"], now["x-buf-validate"], report);
}

export function shownOrNothing(value: Json): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

/** Reads numbers and int64 strings. Other values become NaN, which compares with nothing and is reported. */
function numberOf(value: Json, absent = Number.NaN): number {
  return value === undefined ? absent : Number(value);
}
