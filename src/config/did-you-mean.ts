/** Returns the end of a message that suggests a correction, empty if there is none. */
export function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? "" : `; did you mean ${suggestion}?`;
}

/**
 * Returns the candidate with the smallest edit distance to `name`: at most one edit per three letters, and at most four.
 * Case and separators are ignored.
 */
export function closestMatch(name: string, candidates: readonly string[]): string | undefined {
  const bare = (text: string) => text.toLowerCase().replaceAll(/[_.-]/g, "");
  const wanted = bare(name);
  const [best] = candidates
    .map((candidate) => ({ candidate, distance: editDistance(wanted, bare(candidate)) }))
    .sort((one, other) => one.distance - other.distance);
  return best && best.distance <= Math.min(4, Math.floor(wanted.length / 3)) ? best.candidate : undefined;
}

/** Returns the Damerau-Levenshtein distance: insertions, deletions, substitutions and swaps of neighbors. */
function editDistance(one: string, other: string): number {
  const table = [Array.from({ length: other.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => table[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= one.length; row++) {
    table.push([row]);
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      table[row]?.push(
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + (isSame ? 0 : 1),
          isSwapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return at(one.length, other.length);
}
