import { closestMatch, didYouMean } from "../../../contract/unknown-names/did-you-mean.ts";

/** The columns of a file. */
export type Columns = {
  /** How many cells a row has. */
  readonly count: number;
  /** Returns the index of a column, or undefined and adds the problem. */
  indexOf(column: string | number, path: string): number | undefined;
  /** Returns how a column is shown in messages. */
  nameOf(index: number): string;
};

/** Creates the columns of a file whose first row is `cells`. Without a header, they have numbers only. */
export function columnsOf(cells: readonly string[], hasHeader: boolean, problems: string[]): Columns {
  const names = hasHeader ? cells.map((cell) => cell.trim()) : [];
  const listed = hasHeader ? `the columns are ${names.join(", ")}` : `the columns are 1 to ${cells.length}`;
  let isListed = false;

  /** Adds a problem, the first time with the names of the columns. */
  function add(problem: string): undefined {
    problems.push(isListed ? problem : `${problem} (${listed})`);
    isListed = true;
    return undefined;
  }

  function byNumber(number: number, path: string): number | undefined {
    return number >= 1 && number <= cells.length ? number - 1 : add(`${path}: there is no column ${number}`);
  }

  return {
    count: cells.length,
    indexOf(column, path) {
      if (typeof column === "number") {
        return byNumber(column, path);
      }
      const index = names.indexOf(column.trim());
      if (index === -1) {
        if (!hasHeader && /^\d{1,4}$/.test(column)) {
          return byNumber(Number(column), path);
        }
        const suggestion = didYouMean(closestMatch(column, names));
        return add(`${path}: there is no column ${JSON.stringify(column)}${suggestion}`);
      }
      return names.indexOf(column.trim(), index + 1) === -1
        ? index
        : add(`${path}: column ${JSON.stringify(column)} occurs twice: use its number in a mapping file`);
    },
    nameOf: (index) => (hasHeader ? JSON.stringify(names[index]) : String(index + 1)),
  };
}
