import { isUtf8 } from "node:buffer";
import type { DescMessage } from "@bufbuild/protobuf";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { messageReader } from "./reader.ts";
import { createReadingState } from "./reading-state.ts";
import { findDuplicateKey, parseJson } from "./text.ts";
import { createViolationList, shownName } from "./violations.ts";

/** A parsed document; `json` is undefined for an empty one. */
export type JsonDocument = { readonly json: unknown; readonly text: string };

/** Parses bytes as a JSON document, or says why they are none. */
export function parseDocument(
  bytes: Uint8Array,
): JsonDocument | { readonly violations: readonly FieldViolation[] } {
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

/** Returns a violation if an object of the text has a key twice. `keys`: how many keys its value has. */
export function refuseDuplicateKeys(text: string, keys: number): readonly FieldViolation[] {
  const twice = findDuplicateKey(text, keys);
  return twice === undefined ? [] : [{ field: shownName(twice), description: "is set twice in one object" }];
}

/** Returns everything that keeps bytes from being the JSON of a message; empty if nothing does. */
export type JsonChecker = (bytes: Uint8Array) => readonly FieldViolation[];

/** Creates a checker that is as strict as REST bodies are, for JSON that somebody else goes on to decode. */
export function createJsonChecker(desc: DescMessage): JsonChecker {
  const read = messageReader(desc);
  return (bytes) => {
    const document = parseDocument(bytes);
    if ("violations" in document) {
      return document.violations;
    }
    const violations = createViolationList();
    const state = createReadingState(violations, false);
    read(document.json, "", state);
    return violations.found.length > 0 ? violations.found : refuseDuplicateKeys(document.text, state.keys);
  };
}
