/** A pattern of user keys and plan group ids. */
export type KeyPattern = {
  /** Length of the shortest keys that match, in UTF-16 units. */
  readonly minLength: number;
  matches(key: string): boolean;
};

/**
 * Parses a pattern: `*` stands for any characters, also none; `\*` and `\\` are the characters themselves; an empty
 * pattern stands for every key. Every text is a pattern. Matching takes time in proportion to pattern and key.
 *
 * ```ts
 * parseKeyPattern("+1415*").matches("+14155550100"); // true
 * ```
 */
export function parseKeyPattern(pattern: string): KeyPattern {
  const parts = pattern === "" ? ["", ""] : literalParts(pattern);
  const minLength = parts.reduce((length, part) => length + part.length, 0);
  const [first = "", ...others] = parts;
  const last = others.pop();
  if (last === undefined) {
    return { minLength, matches: (key) => key === first };
  }
  const searches = others.filter((part) => part !== "").map(createSearch);
  return {
    minLength,
    matches(key) {
      if (key.length < minLength || !key.startsWith(first) || !key.endsWith(last)) {
        return false;
      }
      // The first occurrence of each part leaves the most of the key for the parts after it.
      let at = first.length;
      const end = key.length - last.length;
      for (const search of searches) {
        at = search(key, at, end);
        if (at === -1) {
          return false;
        }
      }
      return true;
    },
  };
}

/** Returns the literal texts between the stars. */
function literalParts(pattern: string): string[] {
  const parts = [""];
  for (const [token, escaped] of pattern.matchAll(/\\([*\\])|\*|[^*\\]+|\\/g)) {
    if (token === "*") {
      parts.push("");
    } else {
      parts[parts.length - 1] += escaped ?? token;
    }
  }
  return parts;
}

/** Returns the end of the first occurrence of a text in `key` between `from` and `end`; -1 if there is none. */
type Search = (key: string, from: number, end: number) => number;

/** Searches as Knuth, Morris and Pratt do: the engine's own search takes quadratic time for some texts. */
function createSearch(text: string): Search {
  /** By number of characters that match: how many of them still match after a mismatch. */
  const fallback = [0, 0];
  for (let length = 1, kept = 0; length < text.length; length++) {
    kept = advance(kept, text[length]);
    fallback.push(kept);
  }

  function advance(matching: number, character: string | undefined): number {
    let kept = matching;
    while (kept > 0 && text[kept] !== character) {
      kept = fallback[kept] as number;
    }
    return text[kept] === character ? kept + 1 : 0;
  }

  return function search(key, from, end) {
    let matching = 0;
    for (let at = from; at < end; at++) {
      matching = advance(matching, key[at]);
      if (matching === text.length) {
        return at + 1;
      }
    }
    return -1;
  };
}
