import type { FieldViolation } from "../../contract/field-violation.ts";
import { memberValue, withMember } from "./member-text.ts";

/** A record as an object, and as it is written. */
type WrittenRecord = { readonly json: Record<string, unknown>; readonly bytes: Uint8Array };

/** Names of the user key in a request, and of the id of a plan group, which is one too. */
const keyNames = ["userKey", "user_key", "planGroupId", "plan_group_id"];

/**
 * Returns a record whose user key is a string. A number is a violation, or with `coerce` the text of all its digits, which
 * a double would lose.
 */
export function withTextKey(
  record: WrittenRecord,
  userKeyField: string | undefined,
  coerce: boolean,
): WrittenRecord | FieldViolation {
  const { json, bytes } = record;
  const names = userKeyField === undefined ? keyNames : [userKeyField];
  const name = names.find((each) => json[each] !== undefined && typeof json[each] !== "string");
  if (name === undefined) {
    return record;
  }
  const isKey = (key: string) => key === name;
  const count = Object.keys(json).length;
  const written = memberValue(bytes, isKey, count)?.toString() ?? "";
  // By its text, because a long number is not parsed as a number.
  if (!/^[-\d]/.test(written)) {
    return record;
  }
  const text = coerce ? digitsOf(written) : undefined;
  if (text === undefined) {
    const advice = coerce
      ? "--coerce takes whole numbers only"
      : "a program has written it as a number. Read it as text (pandas: dtype=str), or pass --coerce";
    return { field: name, description: `must be a string; ${advice}` };
  }
  return { json: { ...json, [name]: text }, bytes: withMember(bytes, isKey, count, JSON.stringify(text)) };
}

/** Returns the digits of a whole number in JSON, such as 491700000001.0 or 4.917E11; undefined for other numbers. */
export function digitsOf(number: string): string | undefined {
  const [, whole, fraction = "", exponent = "0"] =
    /^(\d+)(?:\.(\d+))?(?:[eE]\+?(\d{1,2}))?$/.exec(number) ?? [];
  if (whole === undefined) {
    return undefined;
  }
  const places = Number(exponent);
  if (/[1-9]/.test(fraction.slice(places))) {
    return undefined;
  }
  const digits = whole + fraction.slice(0, places).padEnd(places, "0");
  return digits.replace(/^0+(?=\d)/, "");
}
