import type { JsonValue } from "@bufbuild/protobuf";
import { LineCounter, parseDocument } from "yaml";
import { TextFault } from "./text-fault.ts";

/**
 * Reads YAML, of which JSON is a part; undefined for one with nothing but comments. Raises TextFault, which names the
 * line and does not quote it: it may hold a password.
 */
export function parseYaml(text: string): JsonValue | undefined {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { prettyErrors: false, lineCounter });
  // A warning is about a tag that means nothing here, such as `!secret`.
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) {
    throw new TextFault(`line ${lineCounter.linePos(fault.pos[0]).line}: ${fault.message}`);
  }
  try {
    return document.toJS() ?? undefined;
  } catch (error) {
    // Such as an alias that stands for itself too often.
    throw new TextFault((error as Error).message);
  }
}
