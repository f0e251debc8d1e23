import { isUtf8 } from "node:buffer";
import { type JsonDocument, parseJsonText } from "./document.ts";
import { factsOfBytes } from "./text.ts";
import type { Rejection } from "./violations.ts";

/** Parses bytes as a JSON document. Returns the violation if they are not UTF-8 or not JSON. */
export function parseJsonDocument(bytes: Uint8Array): JsonDocument | Rejection {
  if (!isUtf8(bytes)) {
    return { violations: [{ field: "body", description: "must be UTF-8" }] };
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  return parseJsonText(text, factsOfBytes(bytes));
}
