import { type CellReader, Expected } from "./cell-reader.ts";

const exponent = new Expected(
  "a user key with all its digits",
  "a spreadsheet has shortened it: format the column as text and export it again",
);
const decimals = new Expected(
  "a user key without decimals",
  "a program has read it as a number: read it as text (pandas: dtype=str), or remove the .0 with --coerce",
);

/** Returns the reader of user keys, which finds what spreadsheets and pandas make of phone numbers. */
export function userKeyReader(coerce: boolean): CellReader {
  return function readUserKey(text) {
    if (/^\d+[.,]?\d*[eE]\+?\d+$/.test(text)) {
      return exponent;
    }
    if (/^\d+\.0$/.test(text)) {
      return coerce ? JSON.stringify(text.slice(0, -2)) : decimals;
    }
    return JSON.stringify(text);
  };
}
