import { isSame, type Json, type JsonObject, listOf, objectOf, shown } from "../json.ts";
import { groups, otherRule, type Surroundings } from "./groups.ts";

/** Records that rules of a field were tightened or relaxed. */
export type ReportRule = (
  isTightened: boolean,
  before: string | undefined,
  after: string | undefined,
) => void;

/** Rules that contain rules for the items of a list or the keys and values of a map. */
const nested = ["items", "keys", "values"];

/**
 * Compares the `buf.validate` rules of a field, as JSON with the names of the proto. A rule may be removed or relaxed.
 * An unknown rule may only be removed.
 *
 * @param hasPresence - Whether a field without a value differs from one with the zero value.
 */
export function compareFieldRules(
  before: JsonObject,
  after: JsonObject,
  hasPresence: boolean,
  report: ReportRule,
  path = "",
): void {
  if (after.ignore === "IGNORE_ALWAYS" || before.ignore === "IGNORE_ALWAYS") {
    if (!isSame(before.ignore, after.ignore)) {
      const isOff = after.ignore === "IGNORE_ALWAYS";
      const rules = isOff ? textOf(path, "ignore", after.ignore) : textOf(path, "rules", after);
      report(!isOff && Object.keys(after).length > 0, textOf(path, "ignore", before.ignore), rules);
    }
    return;
  }
  if (!isSame(before.ignore, after.ignore)) {
    // What is not ignored any more must satisfy the other rules.
    const isTightened = before.ignore !== undefined && Object.keys(after).some((key) => key !== "ignore");
    report(isTightened, textOf(path, "ignore", before.ignore), textOf(path, "ignore", after.ignore));
  }
  if (!isSame(before.required ?? false, after.required ?? false)) {
    const rejectedEmpty = !hasPresence && Object.values(before).some(rejectsEmpty);
    const isTightened = after.required === true && !rejectedEmpty;
    report(isTightened, textOf(path, "required", before.required), textOf(path, "required", after.required));
  }
  compareExpressions(before, after, report, path);
  const old: Omit<Surroundings, "type"> = { rejectsEmpty: before.required === true && !hasPresence };
  const known = ["ignore", "required", "cel", "cel_expression"];
  for (const type of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (!known.includes(type)) {
      compareTypeRules(
        objectOf(before[type]),
        objectOf(after[type]),
        { ...old, type },
        report,
        `${path}${type}.`,
      );
    }
  }
}

/** Compares `cel` and `cel_expression` of a field or a message. An expression counts, its id and message do not. */
export function compareExpressions(
  before: JsonObject,
  after: JsonObject,
  report: ReportRule,
  path = "",
): void {
  const [old, now] = [before, after].map(expressionsOf) as [Map<string, Json>, Map<string, Json>];
  const idOf = (rule: Json) => objectOf(rule).id;
  const gone = [...old].filter(([expression]) => !now.has(expression)).map(([, rule]) => rule);
  const replaced = new Set<Json>();
  for (const [expression, rule] of now) {
    if (!old.has(expression)) {
      const former = gone.find((each) => idOf(each) !== undefined && idOf(each) === idOf(rule));
      replaced.add(former);
      report(true, textOf(path, "cel", former), textOf(path, "cel", rule));
    }
  }
  for (const rule of gone.filter((each) => !replaced.has(each))) {
    report(false, textOf(path, "cel", rule), undefined);
  }
}

function expressionsOf(rules: JsonObject): Map<string, Json> {
  return new Map(
    [...listOf(rules.cel), ...listOf(rules.cel_expression)].map((rule) => {
      const { id, expression } = objectOf(rule);
      const text = typeof rule === "string" ? rule : (shown(expression) ?? `id ${shown(id)}`);
      return [text.replaceAll(/\s+/g, " ").trim(), rule];
    }),
  );
}

function compareTypeRules(
  before: JsonObject,
  after: JsonObject,
  surroundings: Surroundings,
  report: ReportRule,
  path: string,
): void {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const name of nested.filter((name) => names.delete(name))) {
    // Items have no presence of their own: each is validated.
    compareFieldRules(objectOf(before[name]), objectOf(after[name]), true, report, `${path}${name}.`);
  }
  const used = groups.map((group) => ({ ...group, keys: group.keys.filter((key) => names.delete(key)) }));
  for (const group of [...used, ...[...names].map(otherRule)]) {
    const [old, now] = [pick(before, group.keys), pick(after, group.keys)];
    if (!isSame(old, now)) {
      const differ = group.keys.filter((key) => !isSame(old[key], now[key]));
      const text = (rules: JsonObject) =>
        differ.flatMap((key) => textOf(path, key, rules[key]) ?? []).join(", ") || undefined;
      report(group.isTightened(old, now, surroundings), text(old), text(now));
    }
  }
}

function pick(rules: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.flatMap((key) => (rules[key] === undefined ? [] : [[key, rules[key]]])));
}

/** Returns whether rules of a type reject the empty value by a lower limit of its size. */
function rejectsEmpty(rules: Json): boolean {
  const { len, min_len, len_bytes, min_bytes, min_items, min_pairs } = objectOf(rules);
  return [len, min_len, len_bytes, min_bytes, min_items, min_pairs].some((limit) => Number(limit) > 0);
}

function textOf(path: string, name: string, value: Json): string | undefined {
  return value === undefined ? undefined : `${path}${name} = ${JSON.stringify(value)}`;
}
