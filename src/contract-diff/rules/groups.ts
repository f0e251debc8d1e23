import { isSame, type JsonObject, lacking, listOf } from "../json.ts";
import { orderOf } from "./values.ts";

/** What else decides which values a field accepts. */
export type Surroundings = {
  /** The type of the rules, such as `string` or `int64`. */
  readonly type: string;
  /** Whether the old rules reject the empty value already: `required` on a field without presence. */
  readonly rejectsEmpty: boolean;
};

/** Rules that limit the same property of a value together. */
export type Group = {
  readonly keys: readonly string[];
  /** Returns whether the new rules reject a value that the old ones accept. */
  readonly isTightened: (old: JsonObject, now: JsonObject, surroundings: Surroundings) => boolean;
};

const number = (value: unknown, absent: number) => (value === undefined ? absent : Number(value));

/** The most bytes of UTF-8 that a character takes. */
const bytesPerCharacter = 4;

function lengthsOf(rules: JsonObject, isText: boolean) {
  const unit = isText ? bytesPerCharacter : 1;
  const minBytes = number(rules.len_bytes ?? rules.min_bytes, 0);
  const maxBytes = number(rules.len_bytes ?? rules.max_bytes, Number.POSITIVE_INFINITY);
  const min = number(rules.len ?? rules.min_len, 0);
  const max = number(rules.len ?? rules.max_len, Number.POSITIVE_INFINITY);
  return {
    ...{ min, max, minBytes, maxBytes },
    // A limit in bytes is also one in characters, and the other way round.
    certain: {
      min: Math.max(min, Math.ceil(minBytes / unit)),
      max: Math.min(max, maxBytes),
      minBytes: Math.max(minBytes, min),
      maxBytes: Math.min(maxBytes, max * unit),
    },
  };
}

const lengths: Group = {
  keys: ["len", "min_len", "max_len", "len_bytes", "min_bytes", "max_bytes"],
  isTightened(old, now, { type, rejectsEmpty }) {
    const { certain } = lengthsOf(old, type === "string");
    const limits = lengthsOf(now, type === "string");
    const least = rejectsEmpty ? 1 : 0;
    return (
      limits.min > Math.max(certain.min, least) ||
      limits.minBytes > Math.max(certain.minBytes, least) ||
      limits.max < certain.max ||
      limits.maxBytes < certain.maxBytes
    );
  },
};

function counts(least: string, most: string): Group {
  return {
    keys: [least, most],
    isTightened: (old, now, { rejectsEmpty }) =>
      number(now[least], 0) > Math.max(number(old[least], 0), rejectsEmpty ? 1 : 0) ||
      number(now[most], Number.POSITIVE_INFINITY) < number(old[most], Number.POSITIVE_INFINITY),
  };
}

type Bound = { readonly value: number | bigint; readonly isExclusive: boolean } | undefined;

const isInteger = (type: string) => /int|fixed/.test(type);

/** Exclusive bounds of integers become inclusive ones: more than 0 is at least 1. */
function boundOf(inclusive: unknown, exclusive: unknown, type: string, step: 1 | -1): Bound {
  const isExclusive = exclusive !== undefined;
  const value = orderOf((exclusive ?? inclusive) as string | number | undefined);
  if (value === undefined) {
    return undefined;
  }
  if (isExclusive && isInteger(type)) {
    return { value: BigInt(value) + BigInt(step), isExclusive: false };
  }
  return { value, isExclusive };
}

const range: Group = {
  keys: ["gt", "gte", "lt", "lte"],
  isTightened(old, now, { type }) {
    const boundsOf = (rules: JsonObject) => ({
      lower: boundOf(rules.gte, rules.gt, type, 1),
      upper: boundOf(rules.lte, rules.lt, type, -1),
    });
    const [before, after] = [boundsOf(old), boundsOf(now)];
    if ([before, after].some(({ lower, upper }) => lower && upper && lower.value > upper.value)) {
      // A lower bound above the upper one accepts what is outside of both. Equal ones were left out before.
      return Object.keys(now).length > 0;
    }
    return isNarrower(before.lower, after.lower, 1) || isNarrower(before.upper, after.upper, -1);
  },
};

function isNarrower(before: Bound, after: Bound, direction: 1 | -1): boolean {
  if (after === undefined || before === undefined) {
    return after !== undefined;
  }
  // Numbers and 64-bit integers are never identical.
  if (!(after.value < before.value || after.value > before.value)) {
    return after.isExclusive && !before.isExclusive;
  }
  return direction === 1 ? after.value > before.value : after.value < before.value;
}

/** Values that are allowed; undefined if all are. */
function allowedBy(rules: JsonObject): readonly unknown[] | undefined {
  return rules.const !== undefined ? [rules.const] : rules.in === undefined ? undefined : listOf(rules.in);
}

const allowed: Group = {
  keys: ["const", "in"],
  isTightened(old, now) {
    const [before, after] = [allowedBy(old), allowedBy(now)];
    return after !== undefined && (before === undefined || lacking(before as [], after as []).length > 0);
  },
};

const rejected: Group = {
  keys: ["not_in"],
  isTightened: (old, now) => lacking(now.not_in, old.not_in).length > 0,
};

/** A text that every value must have: a shorter one at the same place accepts more. */
function part(key: string, isWithin: (old: string, now: string) => boolean): Group {
  return {
    keys: [key],
    isTightened: (old, now) =>
      now[key] !== undefined && !(typeof old[key] === "string" && isWithin(old[key], String(now[key]))),
  };
}

const notContains: Group = {
  keys: ["not_contains"],
  isTightened: (old, now) =>
    now.not_contains !== undefined &&
    !(typeof old.not_contains === "string" && String(now.not_contains).includes(old.not_contains)),
};

/** How far a time may be from now. */
const within: Group = {
  keys: ["within"],
  isTightened: (old, now) =>
    isNarrower(
      ...([old, now].map((rules) => boundOf(rules.within, undefined, "duration", 1)) as [Bound, Bound]),
      -1,
    ),
};

/** On unless it is false. */
const strict: Group = { keys: ["strict"], isTightened: (old) => old.strict === false };

/** Describes a valid value, and rejects none. */
const example: Group = { keys: ["example"], isTightened: () => false };

/** A rule that this list does not know may be removed, but not added or changed. */
export const otherRule = (key: string): Group => ({
  keys: [key],
  isTightened: (old, now) => now[key] !== undefined && now[key] !== false && !isSame(old[key], now[key]),
});

export const groups: readonly Group[] = [
  ...[lengths, counts("min_items", "max_items"), counts("min_pairs", "max_pairs")],
  ...[range, allowed, rejected, within, notContains, strict, example],
  part("prefix", (old, now) => old.startsWith(now)),
  part("suffix", (old, now) => old.endsWith(now)),
  part("contains", (old, now) => old.includes(now)),
];
