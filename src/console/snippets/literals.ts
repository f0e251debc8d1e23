import { unquoted } from "../ui/json/field-path.ts";
import { type JsonNode, parseJson } from "../ui/json/parse-json.ts";

/** How a language writes the values of JSON. */
type Language = {
  readonly true: string;
  readonly false: string;
  readonly null: string;
  readonly indent: string;
  /** Whether a comma follows the last item of several lines. */
  readonly trailingComma: boolean;
  key(name: string, raw: string): string;
  string(value: string, raw: string): string;
};

const json: Language = {
  true: "true",
  false: "false",
  null: "null",
  indent: "  ",
  trailingComma: false,
  key: (_, raw) => raw,
  string: (_, raw) => raw,
};

const typescript: Language = {
  ...json,
  trailingComma: true,
  // `__proto__` in an object literal would set the prototype.
  key: (name) =>
    name === "__proto__" ? '["__proto__"]' : /^[a-z_$][\w$]*$/i.test(name) ? name : JSON.stringify(name),
  string: (value) => JSON.stringify(value),
};

const python: Language = {
  ...json,
  true: "True",
  false: "False",
  null: "None",
  indent: "    ",
  trailingComma: true,
  // Python has every escape that JSON.stringify writes.
  key: (name) => JSON.stringify(name),
  string: (value) => JSON.stringify(value),
};

/** Longest text that is laid out anew, in characters. */
const longestPretty = 20_000;
/** Widest object or array that stays on one line, in characters. */
const width = 72;
/** Most objects and arrays within each other. Python's parser takes 200. */
const deepest = 64;

/** Returns a JSON text of one line in several, and any other text as it is. No value changes. */
export function prettyJson(text: string): string {
  return text.length <= width || text.includes("\n") ? text : (written(text, json, "") ?? text);
}

/**
 * Returns a JSON text as an expression of TypeScript or Python whose JSON is the same. Undefined if there is none: for a text
 * that is not JSON, duplicate keys, numbers that either would round, and texts that are very long or deep.
 */
export function literalOf(
  text: string,
  language: "typescript" | "python",
  indentation = "",
): string | undefined {
  return written(text, language === "python" ? python : typescript, indentation, true);
}

function written(
  text: string,
  language: Language,
  indentation: string,
  mustBeExact = false,
): string | undefined {
  const { root, errorAt } = parseJson(text);
  if (!root || errorAt !== undefined || text.length > longestPretty) {
    return undefined;
  }
  const write = (node: JsonNode, outer: string, depth: number): string => {
    if (depth > deepest) {
      throw new Unwritable();
    }
    if (node.kind !== "object" && node.kind !== "array") {
      return leaf(text.slice(node.start, node.end), node, language, mustBeExact);
    }
    const [open, close] = node.kind === "object" ? "{}" : "[]";
    const inner = outer + language.indent;
    const keys = new Set<string>();
    const items = node.children.map((child) => {
      const value = write(child, inner, depth + 1);
      if (child.keyStart === undefined) {
        return value;
      }
      const raw = text.slice(child.keyStart, child.keyEnd);
      const name = unquoted(raw) ?? "";
      if (mustBeExact && (keys.has(name) || !name.isWellFormed())) {
        throw new Unwritable();
      }
      keys.add(name);
      return `${language.key(name, raw)}: ${value}`;
    });
    const space = node.kind === "object" && language !== python ? " " : "";
    const line =
      items.length === 0 ? `${open}${close}` : `${open}${space}${items.join(", ")}${space}${close}`;
    if (items.length === 0 || (line.length <= width && !line.includes("\n"))) {
      return line;
    }
    const comma = language.trailingComma ? "," : "";
    return `${open}\n${items.map((item) => `${inner}${item}`).join(",\n")}${comma}\n${outer}${close}`;
  };
  try {
    return write(root, indentation, 0);
  } catch (cause) {
    if (cause instanceof Unwritable) {
      return undefined;
    }
    throw cause;
  }
}

class Unwritable extends Error {}

function leaf(raw: string, { kind }: JsonNode, language: Language, mustBeExact: boolean): string {
  if (kind === "string") {
    const value = unquoted(raw) ?? "";
    if (mustBeExact && !value.isWellFormed()) {
      throw new Unwritable();
    }
    return language.string(value, raw);
  }
  if (kind === "literal") {
    return language[raw as "true" | "false" | "null"];
  }
  if (mustBeExact && String(Number(raw)) !== raw) {
    throw new Unwritable();
  }
  return raw;
}
