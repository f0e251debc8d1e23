import { type FieldViolation, limitViolations, moreViolations } from "../../contract/field-violation.ts";

/** Longest user key that is shown, in characters. The API allows 128. */
const maxKeyLength = 256;

/** Masks a user key except for up to 3 characters at its end. */
export function maskKey(userKey: string): string {
  const visible = userKey.length >= 8 ? 3 : userKey.length >= 5 ? 1 : 0;
  return `***${userKey.slice(userKey.length - visible)}`;
}

/** Returns the function that masks user keys, or leaves them if `reveal` is set, except that it shortens long ones. */
export function keyDisplay(reveal: boolean): (userKey: string) => string {
  return reveal ? (userKey) => shorten(userKey, maxKeyLength) : maskKey;
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
  return limitViolations(violations).map(({ field, description }) => ({
    field: field === moreViolations.field ? "record" : hide(field),
    description: hide(description),
  }));
}

/** Cuts a text after a number of characters. */
export function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
