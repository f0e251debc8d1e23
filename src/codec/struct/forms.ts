import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { ListValue, Struct, Value } from "@bufbuild/protobuf/wkt";
import { refuse } from "../refusal.ts";

// google.protobuf.Struct, Value and ListValue. protobuf-es has a field of type Struct as a JSON object, except in a Value.
// What has more than a hundred values or unknown fields is left to protobuf-es.

/** How values are created: as JSON, or as messages. */
export type Form<Any, Object, List> = {
  scalar(kind: "nullValue" | "numberValue" | "stringValue" | "boolValue", value: unknown): Any;
  struct(fields: { [key: string]: Any }): Object;
  list(values: Any[]): List;
  ofStruct(struct: Object): Any;
  ofList(list: List): Any;
};

export const asJson: Form<JsonValue, JsonObject, JsonValue[]> = {
  scalar: (kind, value) => (kind === "nullValue" ? null : (value as JsonValue)),
  struct: (fields) => fields,
  list: (values) => values,
  ofStruct: (struct) => struct,
  ofList: (list) => list,
};

function messageOf(kind: unknown): Value {
  return { $typeName: "google.protobuf.Value", kind: kind as Value["kind"] };
}

export const asMessages: Form<Value, Struct, ListValue> = {
  scalar: (kind, value) => messageOf({ case: kind, value }),
  struct: (fields) => ({ $typeName: "google.protobuf.Struct", fields }),
  list: (values) => ({ $typeName: "google.protobuf.ListValue", values }),
  ofStruct: (value) => messageOf({ case: "structValue", value }),
  ofList: (value) => messageOf({ case: "listValue", value }),
};

/** Refuses messages of other types, and those with unknown fields. */
export function check(m: Struct | ListValue | Value, typeName: string): void {
  if (m.$typeName !== typeName || m.$unknown !== undefined) {
    refuse();
  }
}
