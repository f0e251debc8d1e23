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

/** Returns where a line, counted from 1, begins and ends in a text, in UTF-16 units. */
export function lineRange(text: string, line: number): { start: number; end: number } {
  let start = 0;
  for (let number = 1; number < line; number++) {
    const newline = text.indexOf("\n", start);
    if (newline === -1) {
      return { start: text.length, end: text.length };
    }
    start = newline + 1;
  }
  const newline = text.indexOf("\n", start);
  return { start, end: newline === -1 ? text.length : newline };
}

/** Says how many records a scenario has stored. */
export function recordsText(count: number): string {
  return count === 1 ? "1 record stored" : `${count} records stored`;
}
