import type { DescMessage } from "@bufbuild/protobuf";
import { decodeQueryPair } from "../http/percent.ts";
import type { ViolationList } from "../json/violations.ts";
import { type FieldSelection, parseFieldSelection } from "./field-selection.ts";

/** System parameters of a request: how it wants the response to be written. */
export type SystemParameters = {
  readonly enumAsInteger: boolean;
  readonly prettyPrint: boolean;
  readonly fields: FieldSelection;
};

const none: SystemParameters = { enumAsInteger: false, prettyPrint: false, fields: "all" };

/** Matches queries that may have a system parameter (https://cloud.google.com/apis/docs/system-parameters). */
const names = /(?:^|&)(?:\$|%24)?(?:alt|fields|prettyPrint|callback)=/i;

/**
 * Reads the system parameters of a raw query that affect the response: `$alt`, `$fields`, `$prettyPrint`. Rejects
 * `callback`, which requests JSONP. Ignores all others.
 */
export function readSystemParameters(
  rawQuery: string,
  output: DescMessage,
  violations: ViolationList,
): SystemParameters {
  // Hot path: most requests have none.
  if (rawQuery === "" || !names.test(rawQuery)) {
    return none;
  }
  let parameters = none;
  for (const pair of rawQuery.split("&")) {
    const [name = "", value] = decodeQueryPair(pair);
    if (value === undefined) {
      continue;
    }
    switch (name.replace(/^\$/, "")) {
      case "alt":
        parameters = { ...parameters, enumAsInteger: readAlt(name, value, violations) };
        break;
      case "prettyPrint":
        parameters = { ...parameters, prettyPrint: readBoolean(name, value, violations) };
        break;
      case "fields":
        parameters = { ...parameters, fields: readFields(name, value, output, violations) };
        break;
      case "callback":
        violations.add(name, "is not supported: JSONP would let any page read the response");
        break;
    }
  }
  return parameters;
}

/** Google's generated clients send `json;enum-encoding=int`. */
function readAlt(name: string, value: string, violations: ViolationList): boolean {
  const [format, ...options] = value.split(";");
  const known = options.every(
    (option) => option === "enum-encoding=int" || option === "enum-encoding=string",
  );
  if ((format !== "json" && format !== "media") || !known) {
    violations.add(name, "must be json, json;enum-encoding=int or media");
  }
  return options.includes("enum-encoding=int");
}

function readBoolean(name: string, value: string, violations: ViolationList): boolean {
  if (!["true", "false", "1", "0"].includes(value)) {
    violations.add(name, "must be true or false");
  }
  return value === "true" || value === "1";
}

function readFields(
  name: string,
  value: string,
  output: DescMessage,
  violations: ViolationList,
): FieldSelection {
  if (value === "") {
    return "all";
  }
  const selection = parseFieldSelection(value, output);
  if (selection !== "all" && "problem" in selection) {
    violations.add(name, selection.problem as string);
    return "all";
  }
  return selection as FieldSelection;
}
