import { closestMatch, didYouMean } from "../../../contract/unknown-names/did-you-mean.ts";

/** Where the value of a field comes from, and how it is written. Exactly one of `column`, `constant` and `when` is set. */
export type FieldMapping = {
  /** Name of a column, or its number from 1. */
  readonly column?: string | number;
  /** The same value for all records, in the JSON form of the field. */
  readonly constant?: string;
  /** Of an object or an item of a list: it is left out if the cell of this column is empty. */
  readonly when?: string | number;
  /** Values for cells with certain texts, in the JSON form of the field; null for none. */
  readonly values?: Readonly<Record<string, string | null>>;
  /** Of an amount: its currency, such as EUR. */
  readonly currency?: string;
  /** Of a number: its unit, such as MB. */
  readonly unit?: string;
  /** Of a time: its form, such as `DD.MM.YYYY HH:mm` or `epoch-seconds`. */
  readonly format?: string;
};

/** How to turn the rows of a CSV file into records. It is kept in the settings of a run. */
export type Mapping = {
  readonly delimiter?: string;
  readonly quote?: string;
  /** Whether the first row has the names of the columns. Defaults to true. */
  readonly header?: boolean;
  /** Encoding, if it is neither UTF-8 nor UTF-16, such as windows-1252. */
  readonly encoding?: string;
  /** The decimal separator of amounts and numbers. If it is left out, it must be clear from each number. */
  readonly decimal?: "." | ",";
  /** Time zone of times without an offset: an IANA name or an offset. */
  readonly timeZone?: string;
  /** Texts that stand for an empty cell, such as `\N`. */
  readonly empty?: readonly string[];
  /** By path, such as `plans[0].planName`. */
  readonly fields: Readonly<Record<string, FieldMapping>>;
};

/** Raised for a mapping that is invalid by itself. The message has a line for each problem. */
export class MappingError extends Error {
  override readonly name = "MappingError";
}

const fileKeys = ["delimiter", "quote", "header", "encoding", "decimal", "timeZone", "empty", "fields"];
const fieldKeys = ["column", "constant", "when", "values", "currency", "unit", "format"];

/** Reads a mapping from parsed YAML. `nowMs` is the time that `@now` stands for. Throws MappingError. */
export function readMapping(yaml: unknown, nowMs: number): Mapping {
  const problems: string[] = [];
  if (!isObject(yaml) || !isObject(yaml.fields)) {
    throw new MappingError("must be an object with fields, such as fields: {userKey: msisdn}");
  }
  checkKeys(yaml, "", fileKeys, problems);
  const { delimiter, quote, header, encoding, decimal, timeZone } = yaml;
  const texts = { delimiter, quote, encoding, timeZone };
  for (const [name, value] of Object.entries(texts)) {
    if (value !== undefined && (typeof value !== "string" || value === "")) {
      problems.push(`${name}: must be text`);
    }
  }
  for (const [name, value] of Object.entries({ delimiter, quote })) {
    if (typeof value === "string" && !/^[\t -~]$/.test(value)) {
      problems.push(`${name}: must be one ASCII character`);
    }
  }
  if (typeof encoding === "string" && !isEncoding(encoding)) {
    problems.push(`encoding: ${encoding} is not an encoding, such as windows-1252 or iso-8859-2`);
  }
  if (header !== undefined && typeof header !== "boolean") {
    problems.push("header: must be true or false");
  }
  if (decimal !== undefined && decimal !== "." && decimal !== ",") {
    problems.push('decimal: must be "." or ","');
  }
  const empty = yaml.empty === undefined ? undefined : [yaml.empty].flat();
  if (empty?.some((each) => typeof each !== "string")) {
    problems.push(
      "empty: must be text or a list of texts that stand for an empty cell, such as '\\N' or 'NULL', in quotes",
    );
  }
  const fields: Record<string, FieldMapping> = {};
  for (const [path, value] of Object.entries(yaml.fields)) {
    fields[path] = readField(path, value, nowMs, problems);
  }
  if (problems.length > 0) {
    throw new MappingError(problems.join("\n  "));
  }
  const settings = { delimiter, quote, header, encoding, decimal, timeZone, empty };
  return { ...(withoutUndefined(settings) as Omit<Mapping, "fields">), fields };
}

/**
 * Reads a mapping such as `userKey=msisdn,plans[0].planName="Gold"`: the name of a column, a constant in quotes, or `@now`.
 * Throws MappingError.
 */
export function readInlineMapping(text: string, nowMs: number): Mapping {
  const fields: Record<string, FieldMapping> = {};
  const problems: string[] = [];
  for (const part of splitInline(text)) {
    const at = part.indexOf("=");
    const [path, value] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    if (at === -1 || path === "" || value === "") {
      problems.push(`${JSON.stringify(part)}: must be FIELD=COLUMN, such as userKey=msisdn`);
    } else if (Object.hasOwn(fields, path)) {
      problems.push(`${path}: is mapped twice`);
    } else {
      fields[path] = readField(path, value, nowMs, problems);
    }
  }
  if (problems.length > 0) {
    throw new MappingError(problems.join("\n  "));
  }
  return { fields };
}

/** Returns a mapping with the settings and fields of another one on top. */
export function mergeMappings(below: Mapping, above: Mapping): Mapping {
  return { ...below, ...above, fields: { ...below.fields, ...above.fields } };
}

/** Splits at commas that are not within quotes. */
function splitInline(text: string): string[] {
  return text.match(/(?:"[^"]*"|[^,"])+/g) ?? [];
}

function readField(path: string, value: unknown, nowMs: number, problems: string[]): FieldMapping {
  if (typeof value === "string") {
    return readShortField(path, value, nowMs, problems);
  }
  if (Number.isInteger(value)) {
    return { column: value as number };
  }
  if (!isObject(value)) {
    problems.push(`${path}: must be the name of a column, or an object with column or constant`);
    return {};
  }
  checkKeys(value, `${path}.`, fieldKeys, problems);
  const { column, constant, when, values, currency, unit, format } = value;
  if ([column, constant, when].filter((each) => each !== undefined).length !== 1) {
    problems.push(`${path}: must have one of column, constant and when`);
  }
  for (const [name, each] of Object.entries({ column, when })) {
    if (each !== undefined && typeof each !== "string" && !Number.isInteger(each)) {
      problems.push(`${path}.${name}: must be the name of a column or its number`);
    }
  }
  for (const [name, text] of Object.entries({ currency, unit, format })) {
    if (text !== undefined && typeof text !== "string") {
      problems.push(`${path}.${name}: must be text`);
    }
  }
  if (values !== undefined && !isObject(values)) {
    problems.push(`${path}.values: must be an object from texts of cells to values`);
  }
  if (constant !== undefined && !isScalar(constant)) {
    problems.push(`${path}.constant: must be text, a number, true or false`);
  }
  for (const [cell, each] of Object.entries(isObject(values) ? values : {})) {
    if (each !== null && !isScalar(each)) {
      problems.push(`${path}.values.${cell}: must be text, a number, true or false, or null for none`);
    }
  }
  const read = {
    column,
    constant: constant === undefined ? undefined : textOf(constant, nowMs),
    when,
    values: isObject(values)
      ? Object.fromEntries(
          Object.entries(values).map(([cell, each]) => [cell, each === null ? null : textOf(each, nowMs)]),
        )
      : undefined,
    currency,
    unit,
    format,
  };
  return withoutUndefined(read) as FieldMapping;
}

function readShortField(path: string, value: string, nowMs: number, problems: string[]): FieldMapping {
  if (value.startsWith("@")) {
    const constant = textOf(value, nowMs);
    if (constant === value) {
      problems.push(`${path}: must be a column, a constant in quotes, @now, or a time such as @now+24h`);
    }
    return { constant };
  }
  if (/^".*"$/s.test(value)) {
    return { constant: value.slice(1, -1) };
  }
  if (value.includes('"')) {
    problems.push(`${path}: a constant must be in quotes from its beginning to its end`);
  }
  return { column: value };
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Returns a constant as text, and `@now`, `@now+24h` or `@now-5m` as a time. */
function textOf(value: unknown, nowMs: number): string {
  const [isNow, sign, count, unit = ""] = /^@now(?:([+-])(\d{1,6})([smhd]))?$/.exec(String(value)) ?? [];
  if (isNow === undefined) {
    return String(value);
  }
  const offset = sign === undefined ? 0 : Number(`${sign}${count}`) * (unitMs[unit] ?? 0);
  return new Date(nowMs + offset).toISOString();
}

function checkKeys(value: object, prefix: string, known: readonly string[], problems: string[]): void {
  for (const key of Object.keys(value).filter((each) => !known.includes(each))) {
    problems.push(`${prefix}${key}: is not a setting of a mapping${didYouMean(closestMatch(key, known, 2))}`);
  }
}

function isEncoding(name: string): boolean {
  try {
    return new TextDecoder(name) !== undefined;
  } catch {
    return false;
  }
}

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
}

function isScalar(value: unknown): boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
