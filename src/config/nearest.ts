/**
 * Returns the candidate that somebody may have meant who wrote `name`: one that as few slips as possible lead to, at
 * most one for three letters; upper and lower case and what joins words do not count.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const bare = (text: string) => text.toLowerCase().replaceAll(/[_.-]/g, "");
  const wanted = bare(name);
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: distanceOf(wanted, bare(candidate)) }))
    .sort((one, other) => one.distance - other.distance);
  const [best] = ranked;
  return best && best.distance <= Math.min(4, Math.floor(wanted.length / 3)) ? best.candidate : undefined;
}

/** How many letters to add, drop, change or swap with their neighbours lead from one text to the other. */
function distanceOf(one: string, other: string): number {
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
