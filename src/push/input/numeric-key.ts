import type { FieldViolation } from "../../contract/field-violation.ts";
import { memberValue, withMember } from "./member-text.ts";

/** A record as an object, and as it is written. */
type WrittenRecord = { readonly json: Record<string, unknown>; readonly bytes: Uint8Array };

export type TextKeyOptions = {
  /** The field of the user key, if the record is no request message. */
  readonly userKeyField?: string | undefined;
  /** Takes whole numbers as text, and removes the `.0` of text. */
  readonly coerce: boolean;
  /** The record is a plan group: its id is a user key too, but any text. */
  readonly isGroup: boolean;
};

/** What is wrong with a user key that a program has read as a number, and what to do. */
export type KeyDamage = { readonly expected: string; readonly advice: string };

const shortened: KeyDamage = {
  expected: "a user key with all its digits",
  advice: "a spreadsheet has shortened it: format the column as text and export it again",
};
const decimals: KeyDamage = {
  expected: "a user key without decimals",
  advice:
    "a program has read it as a number: read it as text (pandas: dtype=str), or remove the .0 with --coerce",
};

/**
 * Returns what a spreadsheet or pandas has made of a phone number: `4.917E+11` or `491701234567.0`. Other digits around an
 * `e` are left alone, because hexadecimal keys have them.
 */
export function damageOf(userKey: string): KeyDamage | undefined {
  if (/^\d+(?:[.,]\d*[eE]\+?|[eE]\+)\d{1,3}$/.test(userKey)) {
    return shortened;
  }
  return withoutDecimals(userKey) === userKey ? undefined : decimals;
}

/** Removes the `.0` that a program which reads phone numbers as numbers writes. */
export function withoutDecimals(userKey: string): string {
  return /^\d+[.,]0+$/.test(userKey) ? userKey.slice(0, userKey.search(/[.,]/)) : userKey;
}

/** Names of the user key in a request, and of the id of a plan group. */
const keyNames = ["userKey", "user_key", "planGroupId", "plan_group_id"];

/** Returns a record whose user key is a string. A number is a violation or, with `coerce`, the text of its digits. */
export function withTextKey(
  record: WrittenRecord,
  { userKeyField, coerce, isGroup }: TextKeyOptions,
): WrittenRecord | FieldViolation {
  const { json, bytes } = record;
  const names = userKeyField === undefined ? keyNames : [userKeyField];
  const name = names.find((each) => json[each] !== undefined && typeof json[each] !== "string");
  if (name === undefined) {
    return coerce && !isGroup ? withoutDecimalsOf(record, names) : record;
  }
  // By its text, because a long number is not parsed as a number.
  const written = memberValue(bytes, (key) => key === name, Object.keys(json).length)?.toString() ?? "";
  if (!/^[-\d]/.test(written)) {
    return record;
  }
  const text = coerce ? digitsOf(written) : undefined;
  if (text === undefined) {
    return { field: name, description: `must be a string; ${adviceFor(written, coerce)}` };
  }
  return withKey(record, name, text);
}

function withoutDecimalsOf(record: WrittenRecord, names: readonly string[]): WrittenRecord {
  for (const name of names) {
    const key = record.json[name];
    if (typeof key === "string" && withoutDecimals(key) !== key) {
      return withKey(record, name, withoutDecimals(key));
    }
  }
  return record;
}

function withKey({ json, bytes }: WrittenRecord, name: string, text: string): WrittenRecord {
  const isKey = (key: string) => key === name;
  return {
    json: { ...json, [name]: text },
    bytes: withMember(bytes, isKey, Object.keys(json).length, JSON.stringify(text)),
  };
}

function adviceFor(number: string, coerce: boolean): string {
  if (/[eE]/.test(number)) {
    return "a program has shortened it to a number with an exponent, so digits may be lost: read it as text and export it again";
  }
  return coerce
    ? "--coerce takes whole numbers only"
    : "a program has written it as a number. Read it as text (pandas: dtype=str), or pass --coerce";
}

/**
 * Returns the digits of a whole number in JSON, such as 491700000001 or 491700000001.0; undefined for other numbers. Also for
 * those with an exponent, because programs write it when they shorten a number: 4.917E11 may have had other digits.
 */
export function digitsOf(number: string): string | undefined {
  return /^(\d+)(?:\.0+)?$/.exec(number)?.[1];
}
