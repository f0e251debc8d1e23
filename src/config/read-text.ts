import type { JsonValue } from "@bufbuild/protobuf";
import { parseYaml } from "./parse-yaml.ts";
import { textFault } from "./text-fault.ts";

/** Reads the text of a variable or flag as the JSON value of its setting. Raises TextFault. */
export type ReadText = (text: string) => JsonValue;

/** Text stays what it is. */
export const readAny: ReadText = (text) => text;

/** `true` or `false`, or `1` or `0` as environments often have it. */
export const readBoolean: ReadText = (text) => {
  if (!/^(true|false|1|0)$/.test(text)) {
    throw textFault(text, "true or false");
  }
  return text === "true" || text === "1";
};

/** A whole number that is not negative; its bounds are rules of the schema. */
export const readWhole: ReadText = (text) => {
  if (!/^\d{1,15}$/.test(text)) {
    throw textFault(text, "a whole number");
  }
  return Number(text);
};

/** A number; its bounds are rules of the schema. */
export const readNumber: ReadText = (text) => {
  if (!/^-?\d{1,15}(\.\d{1,15})?$/.test(text)) {
    throw textFault(text, "a number");
  }
  return Number(text);
};

/** A Duration as its JSON has it. */
export const readDuration: ReadText = (text) => {
  if (!/^-?\d{1,12}(\.\d{1,9})?s$/.test(text)) {
    throw textFault(text, "a duration in seconds with their unit, such as 5s or 0.5s");
  }
  return text;
};

/** A Duration in whole seconds, with or without their unit. */
export const readSeconds: ReadText = (text) => {
  if (!/^\d{1,9}s?$/.test(text)) {
    throw textFault(text, "a whole number of seconds, at least 0");
  }
  return text.replace(/s?$/, "s");
};

/** A TCP port. */
export const readPort: ReadText = (text) => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) {
    throw textFault(text, "a port from 0 to 65535; 0 picks a free one");
  }
  return port;
};

/** An amount of memory in MiB. */
export const readMebibytes: ReadText = (text) => {
  const mebibytes = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (mebibytes < 1) {
    throw textFault(text, "a whole number of MiB, at least 1");
  }
  return mebibytes;
};

/** Address and port, which must both be there. */
export const readAddress: ReadText = (text) => {
  const [, port = ""] = /^(?:[^:[\]]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(text) ?? [];
  if (port === "" || Number(port) > 65_535) {
    throw textFault(text, "an address and a port, such as 127.0.0.1:9464");
  }
  return text;
};

/** The URL of a server: a scheme and a host, perhaps a port. A slash at its end is dropped. */
export const readServerUrl: ReadText = (text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isServer = url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === "/";
  if (!isServer || url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    throw textFault(text, "the URL of a server, such as https://mdps.example.com");
  }
  return url.origin;
};

/** The origin of pages, as browsers write it, or `*`. */
export const readOrigin: ReadText = (text) => {
  const isOrigin = /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
  if (!isOrigin && text !== "*") {
    throw textFault(text, "an origin, such as https://console.example.com, or *");
  }
  return text;
};

/** Values with commas between them, or a list in JSON: for values that have commas themselves. */
export function readList(readItem: ReadText): ReadText {
  return (text) => {
    if (text.startsWith("[")) {
      return parseYaml(text) ?? [];
    }
    return text === "" ? [] : text.split(",").map((item) => readItem(item.trim()));
  };
}

/** What has parts, in JSON or YAML. `empty` is what nothing at all stands for. */
export function readDocument(empty: JsonValue): ReadText {
  return (text) => parseYaml(text) ?? empty;
}
