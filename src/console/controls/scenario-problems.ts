/** An error of a scenario's text, with its place. */
export type PlacedProblem = {
  /** Counted from 1; undefined if it has no place. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** Path such as `records[0].planStatus.languageCode`; empty for the whole text. */
  readonly path: string;
  readonly description: string;
};

/** Reads the places in the violations that LoadScenario answers. */
export function placedProblems(
  violations: readonly { readonly field: string; readonly description: string }[],
): PlacedProblem[] {
  return violations.map(({ field, description }) => {
    const [, line, column, text] = /^line (\d+), column (\d+): (.*)$/s.exec(description) ?? [];
    return {
      line: line === undefined ? undefined : Number(line),
      column: column === undefined ? undefined : Number(column),
      path: field === "text" ? "" : field,
      description: text ?? description,
    };
  });
}

/** Returns where a place is in a text, in UTF-16 units; the end of the line if it is shorter. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let number = 1; number < line; number++) {
    const end = text.indexOf("\n", start);
    if (end === -1) {
      return text.length;
    }
    start = end + 1;
  }
  const end = text.indexOf("\n", start);
  return Math.min(start + column - 1, end === -1 ? text.length : end);
}

/** Says how many records a scenario has stored. */
export function recordsText(count: number): string {
  return count === 1 ? "1 record stored" : `${count} records stored`;
}
