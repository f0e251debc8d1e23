import {
  type FieldViolation,
  limitViolations,
  moreViolations,
  shortenText,
} from "../../contract/field-violation.ts";

/** Longest user key that is shown, in characters. The API allows 128. */
const maxKeyLength = 256;

/** Masks a user key except for up to 3 characters at its end. */
export function maskKey(userKey: string): string {
  const visible = userKey.length >= 8 ? 3 : userKey.length >= 5 ? 1 : 0;
  return `***${userKey.slice(userKey.length - visible)}`;
}

/** Returns the function that masks user keys, or leaves them if `reveal` is set, except that it shortens long ones. */
export function keyDisplay(reveal: boolean): (userKey: string) => string {
  return reveal ? (userKey) => shortenText(userKey, maxKeyLength) : maskKey;
}

/** Masks a user key within a text, such as an error message. Keys of 1 or 2 characters are left, as they occur in words. */
export function maskIn(text: string, userKey: string): string {
  if (userKey.length < 3 || userKey.length > text.length) {
    return text;
  }
  const spellings = [userKey, encodeURIComponent(userKey.toWellFormed())];
  return spellings.reduce((masked, spelling) => masked.replaceAll(spelling, maskKey(userKey)), text);
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
