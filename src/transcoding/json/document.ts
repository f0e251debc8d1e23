import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { generatedReader } from "./generated.ts";
import { parseJson } from "./parse.ts";
import { messageReader } from "./reader.ts";
import { createReadingState, type ReadingOptions } from "./reading-state.ts";
import { factsOf, findDuplicateKey } from "./text.ts";
import { createViolationList, type Rejection, shownName } from "./violations.ts";

/** A parsed JSON document and its text. */
export type JsonDocument = {
  readonly json: unknown;
  readonly text: string;
  /** Number of keys in the text. If it is left out, they are counted. */
  readonly keys?: number;
};

/** Deepest nesting that is parsed. Collecting the garbage of a chain of objects takes longer than parsing it. */
const maxNesting = 20_000;

/** Parses a text as a JSON document. Returns the violation if it is not JSON. */
export function parseJsonText(text: string, facts = factsOf(text)): JsonDocument | Rejection {
  if (facts.depth > maxNesting) {
    return { violations: [{ field: "body", description: "must not be nested deeper than 20000 levels" }] };
  }
  const parsed = parseJson(text, facts);
  if ("json" in parsed) {
    return { json: parsed.json, text, keys: facts.keys };
  }
  const where = parsed.offset === undefined ? "" : `: unexpected text at character ${parsed.offset + 1}`;
  return { violations: [{ field: "body", description: `must be JSON${where}` }] };
}

/** Returns a violation if an object of the document has a key twice. `keysRead`: number of keys in its parsed value. */
export function checkDuplicateKeys(
  { text, keys }: Pick<JsonDocument, "text" | "keys">,
  keysRead: number,
): readonly FieldViolation[] {
  const twice = findDuplicateKey(text, keysRead, keys);
  return twice === undefined ? [] : [{ field: shownName(twice), description: "is set twice in one object" }];
}

/**
 * Reads a parsed document as a message, or returns all its violations. `removedKeys`: number of keys in the text that
 * the caller has removed from `json`.
 */
export type JsonReader<D extends DescMessage> = (
  document: JsonDocument,
  removedKeys?: number,
) => { readonly message: MessageShape<D> } | Rejection;

/**
 * Creates a reader that is as strict as REST bodies are: unknown fields, unless `options` ignores them, duplicate keys and
 * lists beyond `listLimits` are violations.
 */
export function createJsonReader<D extends DescMessage>(
  desc: D,
  options: ReadingOptions = {},
): JsonReader<D> {
  const read = messageReader(desc);
  const readGenerated = generatedReader(desc, options);
  return function readJson(document, removedKeys = 0) {
    const violations = createViolationList();
    const state = createReadingState(violations, options);
    const message = readGenerated?.(document.json, state) ?? read(document.json, "", state);
    const rejection = violations.rejection();
    if (rejection !== undefined) {
      return rejection;
    }
    const twice = checkDuplicateKeys(document, state.keys + removedKeys);
    return twice.length > 0 ? { violations: twice } : { message: message as MessageShape<D> };
  };
}
