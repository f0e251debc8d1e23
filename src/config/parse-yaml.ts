import type { JsonValue } from "@bufbuild/protobuf";
import { LineCounter, parseDocument } from "yaml";
import { ValueError } from "./value-error.ts";

/**
 * Parses YAML, which includes JSON. Returns undefined for a document of nothing but comments. Throws ValueError, which
 * names the line but does not quote it, because it may contain a password.
 */
export function parseYaml(text: string): JsonValue | undefined {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { prettyErrors: false, lineCounter });
  // Warnings are about unknown tags, such as `!secret`.
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    throw new ValueError(`line ${lineCounter.linePos(problem.pos[0]).line}: ${problem.message}`);
  }
  try {
    return document.toJS() ?? undefined;
  } catch (error) {
    // For example, too many expansions of aliases.
    throw new ValueError((error as Error).message);
  }
}
