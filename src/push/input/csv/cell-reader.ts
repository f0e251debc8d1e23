/** Reads the text of a cell as the JSON text of a value, or returns what was expected. */
export type CellReader = (text: string) => string | Expected;

/** What a cell should have been, and perhaps what to do. */
export class Expected {
  readonly what: string;
  readonly advice: string | undefined;

  constructor(what: string, advice?: string) {
    this.what = what;
    this.advice = advice;
  }
}

/** Describes a value that is not what was expected. `value`: how it is shown. */
export function describe({ what, advice }: Expected, value: string): string {
  return `must be ${what}, not ${value}${advice === undefined ? "" : `; ${advice}`}`;
}
