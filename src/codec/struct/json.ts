import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { ListValue, Struct, Value } from "@bufbuild/protobuf/wkt";
import { isPlainObject, type JsonInput } from "../json-input.ts";
import type { JsonOutput } from "../json-output.ts";
import { maxStructDepth, maxStructValues } from "../limits.ts";
import { setEntry } from "../map-entries.ts";
import { refuse } from "../refusal.ts";
import { asJson, asMessages, check, type Form } from "./forms.ts";

// google.protobuf.Struct, Value and ListValue in JSON.

function readFields<A, O, L>(s: JsonInput, json: unknown, depth: number, form: Form<A, O, L>): O {
  if (!isPlainObject(json)) {
    refuse();
  }
  const fields: { [key: string]: A } = {};
  for (const key in json) {
    s.keys += 1;
    if (!key.isWellFormed()) {
      refuse();
    }
    setEntry(fields, key, readAny(s, json[key], depth + 1, form));
  }
  return form.struct(fields);
}

function readValues<A, O, L>(s: JsonInput, json: unknown, depth: number, form: Form<A, O, L>): L {
  // Looked at before any item, because the array may be as long as the text.
  return Array.isArray(json) && json.length <= maxStructValues
    ? form.list(json.map((item) => readAny(s, item, depth + 1, form)))
    : refuse();
}

function readAny<A, O, L>(s: JsonInput, json: unknown, depth: number, form: Form<A, O, L>): A {
  s.structValues += 1;
  if (s.structValues > maxStructValues || depth > maxStructDepth) {
    refuse();
  }
  switch (typeof json) {
    case "string":
      return json.isWellFormed() ? form.scalar("stringValue", json) : refuse();
    case "number":
      return Number.isFinite(json) ? form.scalar("numberValue", json) : refuse();
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

function writeFields<T>(
  w: JsonOutput,
  fields: { readonly [key: string]: T },
  write: (w: JsonOutput, value: T) => void,
): void {
  w.beginObject();
  for (const key of Object.keys(fields)) {
    w.name(key);
    write(w, fields[key] as T);
  }
  w.endObject();
}

function writeItems<T>(w: JsonOutput, items: readonly T[], write: (w: JsonOutput, item: T) => void): void {
  w.beginList();
  for (const item of items) {
    write(w, item);
  }
  w.endList();
}

export function writeJsonObject(w: JsonOutput, m: JsonObject): void {
  if (!isPlainObject(m)) {
    refuse();
  }
  writeFields(w, m, writeJson);
}

function writeJson(w: JsonOutput, json: JsonValue): void {
  switch (typeof json) {
    case "string":
      w.string(json);
      break;
    case "number":
      writeFinite(w, json);
      break;
    case "boolean":
      w.bool(json);
      break;
    default:
      if (json === null) {
        w.text("null");
      } else if (Array.isArray(json)) {
        writeItems(w, json, writeJson);
      } else {
        writeJsonObject(w, json);
      }
  }
}

/** Writes a number of a Value, which cannot be NaN or infinite. */
function writeFinite(w: JsonOutput, value: number): void {
  if (!Number.isFinite(value)) {
    refuse();
  }
  w.number(value);
}

export function writeStruct(w: JsonOutput, m: Struct): void {
  check(m, "google.protobuf.Struct");
  writeFields(w, m.fields, writeValue);
}

export function writeListValue(w: JsonOutput, m: ListValue): void {
  check(m, "google.protobuf.ListValue");
  writeItems(w, m.values, writeValue);
}

export function writeValue(w: JsonOutput, m: Value): void {
  check(m, "google.protobuf.Value");
  const { kind } = m;
  switch (kind.case) {
    case "nullValue":
      w.nullValue(kind.value);
      break;
    case "numberValue":
      writeFinite(w, kind.value);
      break;
    case "stringValue":
      w.string(kind.value);
      break;
    case "boolValue":
      w.bool(kind.value);
      break;
    case "structValue":
      writeStruct(w, kind.value);
      break;
    case "listValue":
      writeListValue(w, kind.value);
      break;
    default:
      // JSON has no form of a value that is not set.
      refuse();
  }
}

/** Leaves a message whose JSON depends on more than its value to protobuf-es. */
export function readNothing(_s: JsonInput, _json: unknown): never {
  return refuse();
}

export function writeNothing(_w: JsonOutput, _m: unknown): never {
  return refuse();
}
