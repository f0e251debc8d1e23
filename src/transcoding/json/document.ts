import { isUtf8 } from "node:buffer";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { messageReader } from "./reader.ts";
import { createReadingState } from "./reading-state.ts";
import { findDuplicateKey, parseJson } from "./text.ts";
import { createViolationList, shownName } from "./violations.ts";

/** A parsed JSON document and its text. */
export type JsonDocument = { readonly json: unknown; readonly text: string };

type Violations = { readonly violations: readonly FieldViolation[] };

/** Parses bytes as a JSON document. Returns the violation if they are not UTF-8 or not JSON. */
export function parseJsonDocument(bytes: Uint8Array): JsonDocument | Violations {
  if (!isUtf8(bytes)) {
    return { violations: [{ field: "body", description: "must be UTF-8" }] };
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const parsed = parseJson(text);
  if ("json" in parsed) {
    return { json: parsed.json, text };
  }
  const where = parsed.offset === undefined ? "" : `: unexpected text at character ${parsed.offset + 1}`;
  return { violations: [{ field: "body", description: `must be JSON${where}` }] };
}

/** Returns a violation if an object of the text has a key twice. `keys`: number of keys in its parsed value. */
export function checkDuplicateKeys(text: string, keys: number): readonly FieldViolation[] {
  const twice = findDuplicateKey(text, keys);
  return twice === undefined ? [] : [{ field: shownName(twice), description: "is set twice in one object" }];
}

/**
 * Reads a parsed document as a message, or returns all its violations. `removedKeys`: number of keys in the text that
 * the caller has removed from `json`.
 */
export type JsonReader<D extends DescMessage> = (
  document: JsonDocument,
  removedKeys?: number,
) => { readonly message: MessageShape<D> } | Violations;

/** Creates a reader that is as strict as REST bodies are: unknown fields and duplicate keys are violations. */
export function createJsonReader<D extends DescMessage>(desc: D): JsonReader<D> {
  const read = messageReader(desc);
  return function readJson({ json, text }, removedKeys = 0) {
    const violations = createViolationList();
    const state = createReadingState(violations, false);
    const message = read(json, "", state);
    const found =
      violations.found.length > 0 ? violations.found : checkDuplicateKeys(text, state.keys + removedKeys);
    return found.length > 0 ? { violations: found } : { message: message as MessageShape<D> };
  };
}

/** Returns all violations of a message's JSON; empty if it is valid. */
export type JsonChecker = (bytes: Uint8Array) => readonly FieldViolation[];

/** Creates a checker that is as strict as {@link createJsonReader}, for JSON that another library decodes. */
export function createJsonChecker(desc: DescMessage): JsonChecker {
  const read = createJsonReader(desc);
  return function checkJson(bytes) {
    const document = parseJsonDocument(bytes);
    const result = "violations" in document ? document : read(document);
    return "violations" in result ? result.violations : [];
  };
}
