import type { JsonValue } from "@bufbuild/protobuf";
import { parseServerUrl } from "../contract/server-url.ts";
import { parseYaml } from "./parse-yaml.ts";
import { ValueError } from "./value-error.ts";

/** Parses the text of a variable or flag into the JSON value of its setting. Throws ValueError. */
export type ReadText = (text: string) => JsonValue;

/** Accepts any text. */
export function readAny(text: string): JsonValue {
  return text;
}

/** Accepts `true` and `false`, and `1` and `0`, which are common in environments. */
export const readBoolean = matching(
  /^(true|false|1|0)$/,
  "true or false",
  (text) => text === "true" || text === "1",
);

/** Accepts a whole number, at least 0. The schema has its bounds. */
export const readWhole = matching(/^\d{1,15}$/, "a whole number", Number);

/** Accepts a number. The schema has its bounds. */
export const readNumber = matching(/^-?\d{1,15}(\.\d{1,15})?$/, "a number", Number);

/** Accepts a Duration as in JSON. */
export const readDuration = matching(
  /^-?\d{1,12}(\.\d{1,9})?s$/,
  "a duration in seconds with the unit, such as 5s or 0.5s",
  readAny,
);

/** Accepts a Duration in whole seconds, with or without the unit. */
export const readSeconds = matching(/^\d{1,9}s?$/, "a whole number of seconds, at least 0", (text) =>
  text.replace(/s?$/, "s"),
);

/** Accepts a TCP port. */
export const readPort = reader("a port from 0 to 65535; 0 picks a free one", (text) =>
  /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined,
);

/** Accepts an amount of memory in MiB. */
export const readMebibytes = matching(/^(?=.{1,7}$)0*[1-9]\d*$/, "a whole number of MiB, at least 1", Number);

/** Accepts an address with a port. */
export const readAddress = reader("an address and a port, such as 127.0.0.1:9464", (text) => {
  const [, port] = /^(?:[^:[\]]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(text) ?? [];
  return Number(port) <= 65_535 ? text : undefined;
});

/** Accepts the public URL of a server (`parseServerUrl`). */
export function readServerUrl(text: string): string {
  const parsed = parseServerUrl(text);
  if ("problem" in parsed) {
    throw new ValueError(`${parsed.problem}.`);
  }
  return parsed.url;
}

/** Accepts an origin as browsers send it, or `*`. */
export const readOrigin = reader("an origin, such as https://console.example.com, or *", (text) => {
  const isOrigin = /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
  return isOrigin || text === "*" ? text : undefined;
});

/** Accepts values separated by commas, or a JSON list for values that contain commas. */
export function readList(readItem: ReadText): ReadText {
  return (text) => {
    if (text.startsWith("[")) {
      return parseYaml(text) ?? [];
    }
    return text === "" ? [] : text.split(",").map((item) => readItem(item.trim()));
  };
}

/** Accepts JSON or YAML. `empty` is the value of an empty text. */
export function readDocument(empty: JsonValue): ReadText {
  return (text) => parseYaml(text) ?? empty;
}

function matching(pattern: RegExp, expected: string, convert: ReadText): ReadText {
  return reader(expected, (text) => (pattern.test(text) ? convert(text) : undefined));
}

/** Creates a reader that throws if `convert` returns undefined. Not for secrets, because the error quotes the text. */
function reader(expected: string, convert: (text: string) => JsonValue | undefined): ReadText {
  return function readText(text) {
    const value = convert(text);
    if (value === undefined) {
      throw new ValueError(`${JSON.stringify(text)} is invalid. It must be ${expected}.`);
    }
    return value;
  };
}
