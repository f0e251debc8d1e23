import { damageOf, withoutDecimals } from "../numeric-key.ts";
import { type CellReader, Expected } from "./cell-reader.ts";

/** Returns the reader of user keys. `coerce` removes the `.0` that programs add to numbers. */
export function userKeyReader(coerce: boolean): CellReader {
  return function readUserKey(text) {
    const key = coerce ? withoutDecimals(text) : text;
    const damage = damageOf(key);
    return damage === undefined ? JSON.stringify(key) : new Expected(damage.expected, damage.advice);
  };
}
