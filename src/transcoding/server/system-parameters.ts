import type { DescMessage } from "@bufbuild/protobuf";
import type { ViolationList } from "../json/violations.ts";
import { type FieldSelection, parseFieldSelection } from "./field-selection.ts";
import type { Query } from "./query.ts";

/** System parameters of a request: how it wants the response to be written. */
export type SystemParameters = {
  readonly enumAsInteger: boolean;
  readonly prettyPrint: boolean;
  readonly fields: FieldSelection;
};

/** What a request without system parameters has. */
export const noParameters: SystemParameters = { enumAsInteger: false, prettyPrint: false, fields: "all" };

/**
 * Reads the system parameters that affect the response: `$alt`, `$fields`, `$prettyPrint`. Rejects `callback`, which
 * requests JSONP, and values that the parameters do not have. Ignores all others. `output`: message that `$fields`
 * selects from; undefined for a response that is always whole.
 */
export function readSystemParameters(
  { system }: Query,
  output: DescMessage | undefined,
  violations: ViolationList,
): SystemParameters {
  // Hot path: most requests have none.
  if (system.size === 0) {
    return noParameters;
  }
  let parameters = noParameters;
  for (const [kind, { name, value }] of system) {
    switch (kind) {
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
      case ".xgafv":
        if (value !== "1" && value !== "2") {
          violations.add(name, "must be 1 or 2");
        }
        break;
    }
  }
  return parameters;
}

/** Google's generated clients send `json;enum-encoding=int`. */
function readAlt(name: string, value: string, violations: ViolationList): boolean {
  if (!/^(?:json|media)(?:;enum-encoding=(?:int|string))?$/.test(value)) {
    violations.add(name, "must be json, json;enum-encoding=int or media");
  }
  return value.endsWith("=int");
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
  output: DescMessage | undefined,
  violations: ViolationList,
): FieldSelection {
  if (value === "") {
    return "all";
  }
  if (output === undefined) {
    violations.add(name, "is not supported here: the response is always whole");
    return "all";
  }
  const selection = parseFieldSelection(value, output);
  if (selection !== "all" && "problem" in selection) {
    violations.add(name, selection.problem as string);
    return "all";
  }
  return selection as FieldSelection;
}
