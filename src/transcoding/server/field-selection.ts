import type { DescField, DescMessage, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation } from "@bufbuild/protobuf/wkt";
import { createSuggestion } from "../../contract/unknown-names/did-you-mean.ts";

/** The selected fields of a response by JSON name, each with the selection inside it; or all fields. */
export type FieldSelection = ReadonlyMap<string, FieldSelection> | "all";

type OpenSelection = Map<string, OpenSelection | "all">;

const deepest = 32;
const longest = 4_096;

/**
 * Parses the system parameter `$fields` for a response message. Accepts both of Google's spellings,
 * `name,plans(planId,planModules/moduleName)` and the field mask `name,plans.plan_id`; `*` is all fields. Returns a
 * description of the problem if the text is invalid.
 */
export function parseFieldSelection(
  text: string,
  desc: DescMessage,
): FieldSelection | { readonly problem: string } {
  if (text.length > longest) {
    return { problem: `must not be longer than ${longest} characters` };
  }
  const tokens = text.match(/[A-Za-z0-9_]+|[*,/.()]|\S/g) ?? [];
  let at = 0;

  try {
    const selection = readList(desc, 0);
    return at === tokens.length ? selection : { problem: `has an unexpected ${tokens[at]}` };
  } catch (error) {
    if (error instanceof SelectionError) {
      return { problem: error.message };
    }
    throw error;
  }

  function readList(within: DescMessage, depth: number): OpenSelection | "all" {
    const selection: OpenSelection = new Map();
    let all = false;
    do {
      all = readPath(selection, within, depth) || all;
    } while (take(","));
    return all ? "all" : selection;
  }

  /** Returns whether the path was `*`, which overrides all other paths of its list. */
  function readPath(into: OpenSelection, within: DescMessage, depth: number): boolean {
    if (depth > deepest) {
      throw new SelectionError(`must not be nested deeper than ${deepest} levels`);
    }
    if (take("*")) {
      return true;
    }
    const name = tokens[at] ?? "";
    const field = within.fields.find((each) => each.jsonName === name || each.name === name);
    if (field === undefined) {
      throw new SelectionError(
        /^\w{1,64}$/.test(name)
          ? `names ${name}, which is not a field of ${within.name}${suggestField(name, within)}`
          : "must be a list of fields",
      );
    }
    at += 1;
    const inner = readInner(field, depth);
    const known = into.get(field.jsonName);
    into.set(field.jsonName, known === undefined ? inner : union(known, inner));
    return false;
  }

  function readInner(field: DescField, depth: number): OpenSelection | "all" {
    const opening = tokens[at];
    if (opening !== "/" && opening !== "." && opening !== "(") {
      return "all";
    }
    if (
      field.message === undefined ||
      field.fieldKind === "map" ||
      hasCustomJsonRepresentation(field.message)
    ) {
      throw new SelectionError(`selects a field of ${field.jsonName}, which has no fields`);
    }
    at += 1;
    if (opening === "(") {
      const inner = readList(field.message, depth + 1);
      if (!take(")")) {
        throw new SelectionError("has no closing parenthesis");
      }
      return inner;
    }
    const inner: OpenSelection = new Map();
    return readPath(inner, field.message, depth + 1) ? "all" : inner;
  }

  function take(token: string): boolean {
    const found = tokens[at] === token;
    at += found ? 1 : 0;
    return found;
  }
}

class SelectionError extends Error {}

function suggestField(name: string, { fields }: DescMessage): string {
  return createSuggestion(fields.map(({ jsonName }) => jsonName))(name);
}

function union(one: OpenSelection | "all", other: OpenSelection | "all"): OpenSelection | "all" {
  if (one === "all" || other === "all") {
    return "all";
  }
  for (const [name, inner] of other) {
    const known = one.get(name);
    one.set(name, known === undefined ? inner : union(known, inner));
  }
  return one;
}

/** Returns the JSON of a response with the selected fields only. A selection applies to each item of a list. */
export function selectFields(json: JsonValue, selection: FieldSelection): JsonValue {
  if (selection === "all" || typeof json !== "object" || json === null) {
    return json;
  }
  if (Array.isArray(json)) {
    return json.map((item) => selectFields(item, selection));
  }
  const selected: JsonObject = {};
  for (const [name, inner] of selection) {
    const value = json[name];
    if (value !== undefined) {
      selected[name] = selectFields(value, inner);
    }
  }
  return selected;
}
