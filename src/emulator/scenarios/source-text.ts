import { parseJsonDocument } from "../../transcoding/index.ts";
import {
  type Place,
  parseYamlDocument,
  type TextProblem,
  type YamlDocument,
  YamlLimitError,
} from "./yaml-document.ts";

/** A parsed text, which knows where its values are. */
export type Source = {
  /** JSON as the readers of proto3 JSON take it, with exact integers. */
  readonly value: unknown;
  /** Returns the place of the value at a path, or of the innermost one around it. */
  placeOf(path: string): Place;
};

/** Longest text of a scenario, in bytes of UTF-8. */
export const maxTextBytes = 4 * 1024 * 1024;

/** Parses YAML, which includes JSON, or returns all places at which it is neither. */
export function parseSource(text: string): Source | { readonly problems: readonly TextProblem[] } {
  const json = parseJson(text);
  if (json !== undefined) {
    let document: YamlDocument | undefined;
    return {
      value: json.value,
      // Only errors need places. Parsing YAML takes a hundred times as long.
      placeOf(path) {
        document ??= parseYamlDocument(text);
        return document.placeOf(path);
      },
    };
  }
  const { problems, placeOf, jsonText } = parseYamlDocument(text);
  if (problems.length > 0) {
    return { problems };
  }
  try {
    const parsed = parseJsonDocument(Buffer.from(jsonText()));
    return "json" in parsed ? { value: parsed.json, placeOf } : wrong("must be YAML or JSON");
  } catch (error) {
    if (error instanceof YamlLimitError) {
      return wrong(error.message);
    }
    throw error;
  }
}

function wrong(description: string) {
  return { problems: [{ line: 1, column: 1, description }] };
}

/** Parses JSON in which no key occurs twice; the parser of YAML says where one does. */
function parseJson(text: string): { readonly value: unknown } | undefined {
  if (!/^\s*[{[]/.test(text)) {
    return undefined;
  }
  const parsed = parseJsonDocument(Buffer.from(text));
  // Every key in the text is followed by a colon, so equal counts prove that no key was dropped.
  const isWhole = "json" in parsed && countKeys(parsed.json) === (text.match(/"[ \t\r\n]*:/g)?.length ?? 0);
  return isWhole ? { value: parsed.json } : undefined;
}

/** Not recursive, because JSON may be nested deep. */
function countKeys(json: unknown): number {
  let keys = 0;
  const open = [json];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === "object" && value !== null) {
      const inner = Object.values(value);
      keys += Array.isArray(value) ? 0 : inner.length;
      for (const each of inner) {
        open.push(each);
      }
    }
  }
  return keys;
}
