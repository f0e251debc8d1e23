import {
  type FieldViolation,
  limitViolations,
  moreViolations,
  shortenText,
} from "../../contract/field-violation.ts";
import { replaceKey } from "../input/find-key.ts";

/** Longest user key that is shown, in characters. The API allows 4,096. */
const maxKeyLength = 256;

/** Masks a user key except for up to 3 characters at its end. */
export function maskKey(userKey: string): string {
  // Of the code points, because half of a character cannot be printed.
  const characters = Array.from(userKey);
  const visible = characters.length >= 8 ? 3 : characters.length >= 5 ? 1 : 0;
  return `***${characters.slice(characters.length - visible).join("")}`;
}

/** How user keys are written to files and terminals. */
export type KeyDisplay = {
  key(userKey: string): string;
  /** Returns a text, such as an error message, as it is written. Servers may quote the user key of the record. */
  text(text: string, userKey: string | undefined): string;
};

/** Returns the display that masks user keys, or leaves them if `reveal` is set, except that it shortens long ones. */
export function keyDisplay(reveal: boolean): KeyDisplay {
  return reveal
    ? { key: (userKey) => shortenText(userKey, maxKeyLength), text: (text) => text }
    : {
        key: maskKey,
        text: (text, userKey) => (userKey === undefined ? text : maskIn(text, userKey)),
      };
}

/** Masks a user key wherever {@link replaceKey} finds it in a text. Keys of 1 or 2 characters are left: words have them. */
export function maskIn(text: string, userKey: string): string {
  return userKey.length < 3 ? text : replaceKey(text, userKey, maskKey(userKey));
}

/** Returns the violations of a record as they are listed: as many as an error of the server lists, passed through `hide`. */
export function listedViolations(
  violations: readonly FieldViolation[],
  hide: (text: string) => string,
): FieldViolation[] {
  // Hidden first, because a key that is cut is not found.
  const hidden = violations.map((violation) =>
    violation === moreViolations
      ? violation
      : { field: hide(violation.field), description: hide(violation.description) },
  );
  return limitViolations(hidden).map(({ field, description }) => ({
    field: field === moreViolations.field ? "record" : field,
    description,
  }));
}
