import { moreViolations } from "../../contract/field-violation.ts";
import { findNode } from "../ui/json/find-node.ts";
import { type JsonNode, type JsonText, parseJson } from "../ui/json/parse-json.ts";
import type { Draft } from "../ui/push-draft.ts";
import { type PushBody, pathInDraft } from "./push/push-body.ts";

/** Offsets in the text of a draft; `to` is behind the range. */
export type TextRange = { readonly from: number; readonly to: number };

/** A violation and its place in the text of a draft. */
export type PlacedViolation = {
  /** As the emulator names it: a path in the body that was sent. */
  readonly field: string;
  readonly description: string;
  /** Undefined if it is about another part of the request. */
  readonly place: TextRange | undefined;
};

/** Fields of the requests that are not in the text of a draft. */
const otherFields: ReadonlySet<string> = new Set(["parent", "clientId", "userKey", "planGroupId"]);

/** Finds the places of violations of a body that has the text of a draft in it. */
export function placeViolations(
  violations: readonly { readonly field: string; readonly description: string }[],
  { text }: Pick<Draft, "text">,
  body: PushBody,
): readonly PlacedViolation[] {
  if (violations.length === 0) {
    return [];
  }
  const json = parseJson(text);
  return violations.map(({ field, description }) => ({
    field,
    description,
    place: placeOf(field, description, json, body),
  }));
}

function placeOf(field: string, description: string, json: JsonText, body: PushBody): TextRange | undefined {
  if (field === moreViolations.field) {
    return undefined;
  }
  if (field === "body") {
    return syntaxErrorPlace(description, json, body);
  }
  const path = pathInDraft(field, body);
  if (path === undefined || json.root === undefined) {
    return undefined;
  }
  const found = path === "" ? { node: json.root, rest: [] } : findNode(json, path);
  if (found === undefined || (found.rest.length > 0 && otherFields.has(path))) {
    return undefined;
  }
  return found.rest.length === 0 ? rangeOf(found.node) : beginOf(found.node);
}

/** Returns where a text stops being JSON. */
function syntaxErrorPlace(
  description: string,
  { text, errorAt }: JsonText,
  body: PushBody,
): TextRange | undefined {
  const character = /at character (\d+)/.exec(description)?.[1];
  const before = body.path === "" ? 0 : body.text.length - text.length - 1;
  const at = character === undefined ? errorAt : Number(character) - 1 - before;
  if (at === undefined) {
    return undefined;
  }
  const from = Math.max(0, Math.min(at, text.length));
  return { from, to: Math.min(from + 1, text.length) };
}

/** A scalar with its name; of an object or array only the name, because most of its text may be right. */
function rangeOf(node: JsonNode): TextRange {
  const isScalar = node.kind !== "object" && node.kind !== "array";
  return isScalar ? { from: node.keyStart ?? node.start, to: node.end } : beginOf(node);
}

/** The name or the bracket of an object or array. */
function beginOf({ keyStart, keyEnd, start }: JsonNode): TextRange {
  return keyStart === undefined || keyEnd === undefined
    ? { from: start, to: start + 1 }
    : { from: keyStart, to: keyEnd };
}
