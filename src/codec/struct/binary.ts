import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { ListValue, Struct, Value } from "@bufbuild/protobuf/wkt";
import type { BinaryInput } from "../binary-input.ts";
import type { BinaryOutput } from "../binary-output.ts";
import { isPlainObject } from "../json-input.ts";
import { maxStructValues } from "../limits.ts";
import { setEntry } from "../map-entries.ts";
import { refuse } from "../refusal.ts";
import { asJson, asMessages, check, type Form } from "./forms.ts";

// google.protobuf.Struct, Value and ListValue in binary. Tags of a Struct: 10 is an entry, in which 10 is the key and 18 the value. Tag of a ListValue: 10 is a value.

function decodeFields<A, O, L>(r: BinaryInput, end: number, form: Form<A, O, L>): O {
  const fields: { [key: string]: A } = {};
  r.enter();
  while (r.pos < end) {
    if (r.tag() !== 10) {
      refuse();
    }
    const entryEnd = r.end();
    if (r.tag() !== 10) {
      refuse();
    }
    const key = r.string();
    if (r.tag() !== 18) {
      refuse();
    }
    setEntry(fields, key, decodeAny(r, r.end(), form));
    if (r.pos !== entryEnd) {
      refuse();
    }
  }
  r.leave(end);
  return form.struct(fields);
}

function decodeValues<A, O, L>(r: BinaryInput, end: number, form: Form<A, O, L>): L {
  const values: A[] = [];
  r.enter();
  while (r.pos < end) {
    if (r.tag() !== 10) {
      refuse();
    }
    values.push(decodeAny(r, r.end(), form));
  }
  r.leave(end);
  return form.list(values);
}

function decodeAny<A, O, L>(r: BinaryInput, end: number, form: Form<A, O, L>): A {
  r.enter();
  r.structValues += 1;
  if (r.structValues > maxStructValues) {
    refuse();
  }
  const value = decodeKind(r, form);
  r.leave(end);
  return value;
}

/** Decodes the only field of a Value. */
function decodeKind<A, O, L>(r: BinaryInput, form: Form<A, O, L>): A {
  switch (r.tag()) {
    case 8:
      return form.scalar("nullValue", r.int32());
    case 17:
      return form.scalar("numberValue", r.double());
    case 26:
      return form.scalar("stringValue", r.string());
    case 32:
      return form.scalar("boolValue", r.bool());
    case 42:
      return form.ofStruct(decodeFields(r, r.end(), form));
    case 50:
      return form.ofList(decodeValues(r, r.end(), form));
    default:
      return refuse();
  }
}

export function decodeJsonObject(r: BinaryInput, end: number): JsonObject {
  return decodeFields(r, end, asJson);
}

export function decodeStruct(r: BinaryInput, end: number): Struct {
  return decodeFields(r, end, asMessages);
}

export function decodeListValue(r: BinaryInput, end: number): ListValue {
  return decodeValues(r, end, asMessages);
}

export function decodeValue(r: BinaryInput, end: number): Value {
  return decodeAny(r, end, asMessages);
}

function encodeEntry<T>(
  w: BinaryOutput,
  key: string,
  value: T,
  encode: (w: BinaryOutput, value: T) => void,
): void {
  const entry = w.open(10);
  w.tag(10);
  w.string(key);
  const start = w.open(18);
  encode(w, value);
  w.close(start);
  w.close(entry);
}

export function encodeJsonObject(w: BinaryOutput, m: JsonObject): void {
  if (!isPlainObject(m)) {
    refuse();
  }
  for (const key of Object.keys(m)) {
    encodeEntry(w, key, m[key] as JsonValue, encodeJson);
  }
}

function encodeJson(w: BinaryOutput, json: JsonValue): void {
  switch (typeof json) {
    case "string":
      w.tag(26);
      w.string(json);
      break;
    case "number":
      w.tag(17);
      w.double(json);
      break;
    case "boolean":
      w.tag(32);
      w.bool(json);
      break;
    default:
      if (json === null) {
        w.tag(8);
        w.int32(0);
      } else if (Array.isArray(json)) {
        const list = w.open(50);
        for (const item of json) {
          const start = w.open(10);
          encodeJson(w, item);
          w.close(start);
        }
        w.close(list);
      } else {
        const struct = w.open(42);
        encodeJsonObject(w, json);
        w.close(struct);
      }
  }
}

export function encodeStruct(w: BinaryOutput, m: Struct): void {
  check(m, "google.protobuf.Struct");
  for (const key of Object.keys(m.fields)) {
    encodeEntry(w, key, m.fields[key] as Value, encodeValue);
  }
}

export function encodeListValue(w: BinaryOutput, m: ListValue): void {
  check(m, "google.protobuf.ListValue");
  for (const value of m.values) {
    const start = w.open(10);
    encodeValue(w, value);
    w.close(start);
  }
}

export function encodeValue(w: BinaryOutput, m: Value): void {
  check(m, "google.protobuf.Value");
  const { kind } = m;
  switch (kind.case) {
    case "nullValue":
      w.tag(8);
      w.int32(kind.value);
      break;
    case "structValue": {
      const start = w.open(42);
      encodeStruct(w, kind.value);
      w.close(start);
      break;
    }
    case "listValue": {
      const start = w.open(50);
      encodeListValue(w, kind.value);
      w.close(start);
      break;
    }
    case "numberValue":
      w.tag(17);
      w.double(kind.value);
      break;
    case "stringValue":
      w.tag(26);
      w.string(kind.value);
      break;
    case "boolValue":
      w.tag(32);
      w.bool(kind.value);
      break;
    default:
      // Nothing is set.
      if (kind.case !== undefined) {
        refuse();
      }
  }
}
