/** Returns the end of a message that suggests a correction, empty if there is none. */
export function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? "" : `; did you mean ${suggestion}?`;
}

/** Longest name for which a suggestion is searched, in characters. */
const longestName = 64;

/**
 * Returns the candidate with the smallest edit distance to `name`: at most one edit per three letters, and at most
 * `mostEdits`. Case and separators are ignored. Returns undefined for names of more than 64 characters.
 */
export function closestMatch(name: string, candidates: readonly string[], mostEdits = 4): string | undefined {
  return createMatcher(candidates, mostEdits)(name);
}

/**
 * Returns the function that ends the message about an unknown name: it suggests the known one, if one differs by at most
 * two edits. Cheap, because requests may have a hundred unknown names.
 */
export function createSuggestion(known: readonly string[]): (name: string) => string {
  let match: ReturnType<typeof createMatcher> | undefined;
  return function suggest(name) {
    // Most messages never have an unknown field.
    match ??= createMatcher(known, 2);
    return didYouMean(match(name));
  };
}

function createMatcher(candidates: readonly string[], mostEdits: number) {
  const known = candidates.map((candidate) => ({ candidate, bare: bareName(candidate) }));
  return function match(name: string): string | undefined {
    if (name.length > longestName) {
      return undefined;
    }
    const wanted = bareName(name);
    let most = Math.min(mostEdits, Math.floor(wanted.length / 3));
    let best: string | undefined;
    for (const { candidate, bare } of known) {
      if (isWithin(wanted, bare, most)) {
        do {
          most -= 1;
        } while (isWithin(wanted, bare, most));
        best = candidate;
      }
    }
    return best;
  };
}

function bareName(text: string): string {
  return text.toLowerCase().replaceAll(/[_.-]/g, "");
}

/**
 * Returns whether the Damerau-Levenshtein distance of two texts is at most `most`: insertions, deletions, substitutions
 * and swaps of neighbors. Computes only the cells near the diagonal of the table, because all others are larger.
 */
function isWithin(one: string, other: string, most: number): boolean {
  if (Math.abs(one.length - other.length) > most) {
    return false;
  }
  const far = most + 1;
  let before: number[] = [];
  let above = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row++) {
    const current: number[] = [row];
    const last = Math.min(other.length, row + most);
    for (let column = Math.max(1, row - most); column <= last; column++) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current[column] = Math.min(
        (above[column] ?? far) + 1,
        (current[column - 1] ?? far) + 1,
        (above[column - 1] ?? far) + (isSame ? 0 : 1),
        isSwapped ? (before[column - 2] ?? far) + 1 : far,
      );
    }
    before = above;
    above = current;
  }
  return (above[other.length] ?? far) <= most;
}
