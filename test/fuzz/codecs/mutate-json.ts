import { protoSnakeCase } from "@bufbuild/protobuf/reflect";
import type { Random } from "../random.ts";

/** Texts of JSON values that are unusual or wrong in most fields. */
const odd: readonly string[] = [
  "null",
  "true",
  "false",
  "0",
  "-0",
  "1",
  "-1",
  "1.0",
  "1.5",
  "1e2",
  "1E+2",
  "100e-2",
  "0.1",
  "1e400",
  "-1e400",
  "1e-400",
  "1.00000000000000001",
  "2147483648",
  "4294967295",
  "-2147483649",
  "9007199254740993",
  "9223372036854775807",
  "9223372036854775808",
  "18446744073709551616",
  "123456789012345678901234567890",
  '""',
  '"0"',
  '"-0"',
  '"00"',
  '"1"',
  '"01"',
  '"+1"',
  '"-1"',
  '" 1"',
  '"1 "',
  '"1.0"',
  '"1e2"',
  '"0x10"',
  '"1n"',
  '"-"',
  '"9223372036854775807"',
  '"-9223372036854775808"',
  '"9223372036854775808"',
  '"18446744073709551615"',
  '"18446744073709551616"',
  '"99999999999999999999"',
  '"NaN"',
  '"Infinity"',
  '"-Infinity"',
  '"nan"',
  '"true"',
  '"null"',
  '"\\ud800"',
  '"a\\udc00"',
  '"\\ud83d\\ude00"',
  '"\\u0000"',
  '"\\ufeff\\ufffd"',
  '"AQI"',
  '"AQI="',
  '"AQI=="',
  '"AR=="',
  '"-_8"',
  '"+/8="',
  '"A"',
  '"AQ=I"',
  '" AQI="',
  '"AQ\\nI="',
  '"===="',
  '"="',
  '"2099-12-31T00:00:00Z"',
  '"2099-02-30T00:00:00Z"',
  '"2099-12-31T00:00:00.5Z"',
  '"2099-12-31T00:00:00.1234567891Z"',
  '"2099-12-31T00:00:00.Z"',
  '"2099-12-31T24:00:00Z"',
  '"2099-12-31T23:59:60Z"',
  '"2099-12-31t00:00:00z"',
  '"2099-12-31T00:00:00+01:30"',
  '"2099-12-31T00:00:00-00:00"',
  '"0001-01-01T00:00:00Z"',
  '"0000-12-31T23:59:59Z"',
  '"0001-01-01T00:00:00+00:01"',
  '"9999-12-31T23:59:59.999999999Z"',
  '"9999-12-31T23:59:59-00:01"',
  '"1.5s"',
  '"-1.5s"',
  '"1.s"',
  '".5s"',
  '"-0s"',
  '"-0.5s"',
  '"315576000000s"',
  '"315576000001s"',
  '"a,bC"',
  '"a_b"',
  "[]",
  "[null]",
  "[[]]",
  "[1,2,3,4]",
  "{}",
  '{"":1}',
  '{"a":null}',
  '{"__proto__":{}}',
  '{"@type":"type.googleapis.com/google.protobuf.Empty"}',
  '{"1":"2","01":3}',
  '{"true":false,"x":true}',
];

const names: readonly string[] = [
  "__proto__",
  "constructor",
  "toString",
  "x",
  "",
  "1",
  "$typeName",
  "case",
  "value",
];

/** JSON in which some values are given by their text. */
type Json = string | number | boolean | null | Json[] | JsonObject | RawJson;
type JsonObject = { entries: [string, Json][] };
type RawJson = { raw: string };

function open(json: unknown): Json {
  if (Array.isArray(json)) {
    return json.map(open);
  }
  if (typeof json === "object" && json !== null) {
    return { entries: Object.entries(json).map(([key, value]) => [key, open(value)]) };
  }
  return json as Json;
}

function textOf(json: Json): string {
  if (Array.isArray(json)) {
    return `[${json.map(textOf).join(",")}]`;
  }
  if (typeof json === "object" && json !== null) {
    return "raw" in json
      ? json.raw
      : `{${json.entries.map(([key, value]) => `${JSON.stringify(key)}:${textOf(value)}`).join(",")}}`;
  }
  return JSON.stringify(json);
}

function holdersIn(json: Json): (Json[] | JsonObject)[] {
  if (typeof json !== "object" || json === null || "raw" in json) {
    return [];
  }
  const values = Array.isArray(json) ? json : json.entries.map(([, value]) => value);
  return [json, ...values.flatMap(holdersIn)];
}

/** Writes the names of some fields as in the .proto file. */
function respell(json: Json, random: Random): void {
  for (const holder of holdersIn(json)) {
    if (!Array.isArray(holder)) {
      holder.entries = holder.entries.map(([key, value]) => [
        random.below(2) === 0 ? protoSnakeCase(key) : key,
        random.below(6) === 0 && typeof value === "string" && /^-?\d{1,15}$/.test(value)
          ? Number(value)
          : value,
      ]);
    }
  }
}

/** Returns the text of a JSON value with other spellings that mean the same, mostly. */
export function respellJson(json: unknown, random: Random): string {
  const opened = open(json);
  respell(opened, random);
  return textOf(opened);
}

/** Returns the text of a JSON value with some of its parts changed. */
export function mutateJson(json: unknown, random: Random): string {
  const opened = open(json);
  if (random.below(3) === 0) {
    respell(opened, random);
  }
  for (let rounds = 1 + random.below(2); rounds > 0; rounds--) {
    const holders = holdersIn(opened);
    if (holders.length === 0 || random.below(50) === 0) {
      return random.pick(odd);
    }
    change(random.pick(holders), random);
  }
  return textOf(opened);
}

function change(holder: Json[] | JsonObject, random: Random): void {
  const value: Json = { raw: random.pick(odd) };
  if (Array.isArray(holder)) {
    const at = random.below(holder.length + 1);
    holder.splice(at, random.below(2), value, ...(random.below(8) === 0 ? new Array(130).fill(value) : []));
    return;
  }
  const at = random.below(holder.entries.length + 1);
  const entry = holder.entries[at];
  switch (random.below(6)) {
    case 0:
      holder.entries.splice(at, 0, [random.pick(names), value]);
      break;
    case 1:
      if (entry !== undefined) {
        holder.entries.push([random.below(2) === 0 ? protoSnakeCase(entry[0]) : entry[0], value]);
      }
      break;
    case 2:
      if (entry !== undefined) {
        holder.entries[at] = [
          random.pick([`${entry[0]}s`, entry[0].toUpperCase(), `[${entry[0]}]`]),
          entry[1],
        ];
      }
      break;
    case 3:
      holder.entries.reverse();
      break;
    default:
      if (entry !== undefined) {
        holder.entries[at] = [entry[0], value];
      }
  }
}

/** Returns the text of a JSON value within others, as deep as readers allow or nearly so. */
export function nestJson(text: string, [before, after]: readonly [string, string], random: Random): string {
  const levels = random.pick([1, 97, 98, 99, 100, 101, 102, 500]);
  return before.repeat(levels) + text + after.repeat(levels);
}
