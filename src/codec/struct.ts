import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { ListValue, Struct, Value } from "@bufbuild/protobuf/wkt";
import type { BinaryInput } from "./binary-input.ts";
import type { BinaryOutput } from "./binary-output.ts";
import { fallBack } from "./fall-back.ts";
import { isPlainObject, type JsonInput } from "./json-input.ts";
import { writeBool, writeNull, writeString } from "./json-output.ts";
import { maxStructDepth, maxStructValues } from "./limits.ts";
import { listIn, setEntry } from "./map-entries.ts";

// google.protobuf.Struct, Value and ListValue. protobuf-es has a field of type Struct as a JSON object, except in a Value.
// Messages with more than a hundred values in all of them, or with unknown fields, are left to protobuf-es.

/** How values are created: as JSON, or as messages. */
type Form<Any, Object, List> = {
  scalar(kind: "nullValue" | "numberValue" | "stringValue" | "boolValue", value: unknown): Any;
  struct(fields: { [key: string]: Any }): Object;
  list(values: Any[]): List;
  ofStruct(struct: Object): Any;
  ofList(list: List): Any;
};

const asJson: Form<JsonValue, JsonObject, JsonValue[]> = {
  scalar: (kind, value) => (kind === "nullValue" ? null : (value as JsonValue)),
  struct: (fields) => fields,
  list: (values) => values,
  ofStruct: (struct) => struct,
  ofList: (list) => list,
};

function messageOf(kind: unknown): Value {
  return { $typeName: "google.protobuf.Value", kind: kind as Value["kind"] };
}

const asMessages: Form<Value, Struct, ListValue> = {
  scalar: (kind, value) => messageOf({ case: kind, value }),
  struct: (fields) => ({ $typeName: "google.protobuf.Struct", fields }),
  list: (values) => ({ $typeName: "google.protobuf.ListValue", values }),
  ofStruct: (value) => messageOf({ case: "structValue", value }),
  ofList: (value) => messageOf({ case: "listValue", value }),
};

// Binary. Tags of a Struct: 10 is an entry, in which 10 is the key and 18 the value. Tag of a ListValue: 10 is a value.

function decodeFields<A, O, L>(r: BinaryInput, end: number, form: Form<A, O, L>): O {
  const fields: { [key: string]: A } = {};
  r.enter();
  while (r.pos < end) {
    if (r.tag() !== 10) {
      fallBack();
    }
    const entryEnd = r.end();
    if (r.tag() !== 10) {
      fallBack();
    }
    const key = r.string();
    if (r.tag() !== 18) {
      fallBack();
    }
    setEntry(fields, key, decodeAny(r, r.end(), form));
    if (r.pos !== entryEnd) {
      fallBack();
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
      fallBack();
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
    fallBack();
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
      return fallBack();
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
    fallBack();
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

/** Leaves messages of other types, and those with unknown fields, to protobuf-es. */
function check(m: Struct | ListValue | Value, typeName: string): void {
  if (m.$typeName !== typeName || m.$unknown !== undefined) {
    fallBack();
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
        fallBack();
      }
  }
}

// JSON.

function readFields<A, O, L>(s: JsonInput, json: unknown, depth: number, form: Form<A, O, L>): O {
  if (!isPlainObject(json)) {
    fallBack();
  }
  const fields: { [key: string]: A } = {};
  for (const key in json) {
    s.keys += 1;
    if (!key.isWellFormed()) {
      fallBack();
    }
    setEntry(fields, key, readAny(s, json[key], depth + 1, form));
  }
  return form.struct(fields);
}

function readValues<A, O, L>(s: JsonInput, json: unknown, depth: number, form: Form<A, O, L>): L {
  // Checks the length first, because the array may be as long as the text.
  return Array.isArray(json) && json.length <= maxStructValues
    ? form.list(json.map((item) => readAny(s, item, depth + 1, form)))
    : fallBack();
}

function readAny<A, O, L>(s: JsonInput, json: unknown, depth: number, form: Form<A, O, L>): A {
  s.structValues += 1;
  if (s.structValues > maxStructValues || depth > maxStructDepth) {
    fallBack();
  }
  switch (typeof json) {
    case "string":
      return json.isWellFormed() ? form.scalar("stringValue", json) : fallBack();
    case "number":
      return Number.isFinite(json) ? form.scalar("numberValue", json) : fallBack();
    case "boolean":
      return form.scalar("boolValue", json);
    default:
      if (json === null) {
        return form.scalar("nullValue", 0);
      }
      return Array.isArray(json)
        ? form.ofList(readValues(s, json, depth, form))
        : form.ofStruct(readFields(s, json, depth, form));
  }
}

export function readJsonObject(s: JsonInput, json: unknown): JsonObject {
  return readFields(s, json, 0, asJson);
}

export function readStruct(s: JsonInput, json: unknown): Struct {
  return readFields(s, json, 0, asMessages);
}

export function readListValue(s: JsonInput, json: unknown): ListValue {
  return readValues(s, json, 0, asMessages);
}

export function readValue(s: JsonInput, json: unknown): Value {
  return readAny(s, json, 0, asMessages);
}

function objectText<T>(fields: { readonly [key: string]: T }, write: (value: T) => string): string {
  return `{${Object.keys(fields)
    .map((key) => `${writeString(key)}:${write(fields[key] as T)}`)
    .join(",")}}`;
}

export function writeJsonObject(m: JsonObject): string {
  return isPlainObject(m) ? objectText(m, writeJson) : fallBack();
}

function writeJson(json: JsonValue): string {
  switch (typeof json) {
    case "string":
      return writeString(json);
    case "number":
      return writeFinite(json);
    case "boolean":
      return writeBool(json);
    default:
      if (json === null) {
        return "null";
      }
      return Array.isArray(json) ? `[${Array.from(json, writeJson).join(",")}]` : writeJsonObject(json);
  }
}

/** Writes a number of a Value, which cannot be NaN or infinite. */
function writeFinite(value: number): string {
  return Number.isFinite(value) ? `${value}` : fallBack();
}

export function writeStruct(m: Struct): string {
  check(m, "google.protobuf.Struct");
  return objectText(m.fields, writeValue);
}

export function writeListValue(m: ListValue): string {
  check(m, "google.protobuf.ListValue");
  return `[${Array.from(listIn(m.values), (value) => writeValue(value)).join(",")}]`;
}

export function writeValue(m: Value): string {
  check(m, "google.protobuf.Value");
  const { kind } = m;
  switch (kind.case) {
    case "nullValue":
      return writeNull(kind.value);
    case "numberValue":
      return writeFinite(kind.value);
    case "stringValue":
      return writeString(kind.value);
    case "boolValue":
      return writeBool(kind.value);
    case "structValue":
      return writeStruct(kind.value);
    case "listValue":
      return writeListValue(kind.value);
    default:
      // JSON has no form of a value that is not set.
      return fallBack();
  }
}

/** Leaves a message whose JSON depends on more than its value to protobuf-es. */
export function readNothing(_s: JsonInput, _json: unknown): never {
  return fallBack();
}

export function writeNothing(_m: unknown): never {
  return fallBack();
}
