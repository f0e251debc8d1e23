import { exactInteger, LongNumber } from "./long-number.ts";
import { endOfString, factsOf } from "./text.ts";

/** A parsed JSON text, or the place where it stops being JSON (`offset` in UTF-16 units, if known). */
type ParsedJson = { readonly json: unknown } | { readonly offset: number | undefined };

/**
 * Parses JSON. Numbers whose double misleads become a {@link LongNumber}. The parser's own message is dropped because it
 * quotes the input.
 */
export function parseJson(text: string, { hasLongNumber } = factsOf(text)): ParsedJson {
  try {
    const json = JSON.parse(text);
    return { json: hasLongNumber ? keepLongNumbers(json, text) : json };
  } catch (error) {
    const offset = /at position (\d+)/.exec(String(error))?.[1];
    return { offset: offset === undefined ? undefined : Number(offset) };
  }
}

type Holder = Record<string | number, unknown>;

/**
 * Puts a {@link LongNumber} in the place of each number of a parsed value that is not the number in its text. Returns the
 * value. Costs about as much as parsing; JSON.parse with a reviver costs up to 25 times as much, and its stack is limited.
 *
 * JSON.parse has dropped values of duplicate keys. If there are any, the result is not defined: callers must reject them.
 */
function keepLongNumbers(json: unknown, text: string): unknown {
  const root: Holder = { json };
  let holder: Holder | undefined = root;
  let key: string | number = "json";
  let stringAt = 0;
  let stringEnd = 0;
  const outer: (readonly [Holder | undefined, string | number])[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"':
        stringAt = at;
        stringEnd = endOfString(text, at);
        at = stringEnd - 1;
        break;
      case ":":
        key = JSON.parse(text.slice(stringAt, stringEnd));
        break;
      case ",":
        if (typeof key === "number") {
          key += 1;
        }
        break;
      case "{":
      case "[":
        outer.push([holder, key]);
        holder = inner(holder, key);
        key = text[at] === "[" ? 0 : "";
        break;
      case "}":
      case "]":
        [holder, key] = outer.pop() as [Holder, string];
        break;
      default:
        if (startsNumber(text.charCodeAt(at))) {
          const end = endOfNumber(text, at);
          replace(holder, key, text.slice(at, end));
          at = end - 1;
        }
    }
  }
  return root.json;
}

// Only own properties: with duplicate keys, the place may not exist, and must not be that of a prototype.
function inner(holder: Holder | undefined, key: string | number): Holder | undefined {
  const value = holder !== undefined && Object.hasOwn(holder, key) ? holder[key] : undefined;
  return typeof value === "object" && value !== null ? (value as Holder) : undefined;
}

function replace(holder: Holder | undefined, key: string | number, text: string): void {
  const value = holder !== undefined && Object.hasOwn(holder, key) ? holder[key] : undefined;
  if (Number.isInteger(value) && !isExact(value as number, text)) {
    (holder as Holder)[key] = new LongNumber(text);
  }
}

/** Returns whether an integer is the number in its text. A double holds 15 digits. */
function isExact(value: number, text: string): boolean {
  const isShort = text.length < 16 && !/[eE]-/.test(text);
  return Number.isSafeInteger(value) && (isShort || exactInteger(text) !== undefined);
}

function startsNumber(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2d;
}

/** Returns the index behind a number. */
function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  while (startsNumber(text.charCodeAt(end)) || ".eE+".includes(text.charAt(end) || " ")) {
    end += 1;
  }
  return end;
}
