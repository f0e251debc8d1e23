import { asnOfParent, parentOf } from "../../contract/resource-names.ts";
import type { RecordKey } from "../../store/plan-store.ts";
import { keyOfText, keyText, kindCodes } from "../../store/record.ts";

/** Returns `records/{record}`. The id follows from the key alone, and is different for different keys. */
export function nameOfRecord(key: RecordKey): string {
  return `records/${Buffer.from(keyText(key)).toString("base64url")}`;
}

/** Returns the key of a record's name; undefined for a name that no record has. */
export function keyOfRecordName(name: string): RecordKey | undefined {
  const id = name.slice("records/".length);
  const key = keyOfText(Buffer.from(id, "base64url").toString());
  const exists = Object.hasOwn(kindCodes, key.kind) && asnOfParent(parentOf(key.asn)) && key.id !== "";
  // Base64 and keys have one form each: another text would be a second name of the record.
  return exists && nameOfRecord(key) === name ? key : undefined;
}
