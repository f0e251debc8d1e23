import { create, type DescField, type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { hasCustomJsonRepresentation, StructSchema } from "@bufbuild/protobuf/wkt";
import { type FieldViolation, quoteName } from "../../contract/field-violation.ts";
import { createSuggestion } from "../../contract/unknown-names/did-you-mean.ts";
import { assign, messageAssigner, type OpenMessage } from "./assign.ts";
import { addUnknown, type MessageReader, maxDepth, type ReadingState } from "./reading-state.ts";
import { enumReader, isObject, kindOf, readBooleanText, scalarReader, type ValueReader } from "./scalar.ts";
import { shownName } from "./violations.ts";
import { wellKnownReader } from "./well-known-reader.ts";

/** Reads a JSON value into a field of a message, or adds a violation. */
type FieldReader = (message: OpenMessage, json: unknown, path: string, state: ReadingState) => void;

/** Messages of which users often write one value alone. */
const examples: ReadonlyMap<string, string> = new Map([
  ["google.type.Money", ' such as {"currencyCode": "EUR", "units": "12"}'],
]);

const readers = new WeakMap<DescMessage, MessageReader>();

/**
 * Returns the reader of a message, compiled once. It reads proto3 JSON like protobuf-es, with two differences: it reports
 * all violations with their paths, and it rejects values that would silently change (days that do not exist, unpaired
 * surrogates). Integers beyond 2^53 are read exactly if `parseJson` has parsed them. Extensions are unknown fields.
 */
export function messageReader(desc: DescMessage): MessageReader {
  const known = readers.get(desc);
  if (known !== undefined) {
    return known;
  }
  const special = wellKnownReader(desc, messageReader);
  if (special !== undefined) {
    readers.set(desc, special);
    return special;
  }
  const fields = new Map<string, { readonly field: DescField; readonly read: FieldReader }>();
  const suggest = createSuggestion(desc.fields.map(({ jsonName }) => jsonName));
  const example = examples.get(desc.typeName) ?? "";
  const reader: MessageReader = function readMessage(json, path, state) {
    if (!isObject(json)) {
      return state.violations.add(path, `must be an object${example}, not ${kindOf(json)}`);
    }
    if (state.depth >= maxDepth) {
      return state.violations.add(path, `must not be nested deeper than ${maxDepth} levels`);
    }
    state.depth += 1;
    const message = create(desc) as OpenMessage;
    for (const key of Object.keys(json)) {
      if (state.violations.isFull) {
        break;
      }
      state.keys += 1;
      const entry = fields.get(key);
      if (entry === undefined) {
        addUnknown(state, json[key], () => describeUnknown(key, path, state));
        continue;
      }
      const { field, read } = entry;
      if (key !== field.jsonName && Object.hasOwn(json, field.jsonName)) {
        state.violations.add(join(path, key), `is the same field as ${field.jsonName}, which is also set`);
        continue;
      }
      read(message, json[key], join(path, key), state);
    }
    state.depth -= 1;
    return message;
  };

  function describeUnknown(key: string, path: string, { placeOf }: ReadingState): FieldViolation {
    const place = path === "" ? placeOf?.(key) : undefined;
    const description = `is not a field of ${desc.name}${place ?? placeInside(desc, key) ?? suggest(key)}`;
    return { field: join(path, shownName(key)), description };
  }

  // Cached before its fields are compiled, because a message may contain itself.
  readers.set(desc, reader);
  for (const field of desc.fields) {
    const entry = { field, read: fieldReader(field) };
    fields.set(field.name, entry).set(field.jsonName, entry);
  }
  return reader;
}

/** Returns the end of the description of an unknown field that the message of exactly one known field has. */
function placeInside({ fields }: DescMessage, key: string): string | undefined {
  const outer = fields.filter(
    ({ fieldKind, message }) =>
      fieldKind === "message" &&
      !hasCustomJsonRepresentation(message) &&
      message.fields.some(({ name, jsonName }) => name === key || jsonName === key),
  );
  return outer.length === 1 ? `: it is a field of ${outer[0]?.jsonName}` : undefined;
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** Returns the reader that sets one field of a message; `null` leaves the field unset. */
export function fieldReader(field: DescField): FieldReader {
  switch (field.fieldKind) {
    case "scalar":
      return singularReader(field, scalarReader(field, field.scalar));
    case "enum":
      return singularReader(
        field,
        enumReader(field.enum),
        field.enum.typeName === "google.protobuf.NullValue",
      );
    case "message":
      return messageFieldReader(field);
    case "list":
      return listReader(field);
    case "map":
      return mapReader(field);
  }
}

function singularReader(field: DescField, readValue: ValueReader, takesNull = false): FieldReader {
  return function readSingular(message, json, path, state) {
    if (json === null && !takesNull) {
      return;
    }
    const { violations } = state;
    const read = readValue(json);
    if ("expected" in read) {
      addInvalid(field, json, state, () => ({ field: path, description: read.expected }));
    } else {
      assign(message, field, read.value, path, violations);
    }
  };
}

/** Adds an invalid value. The name of an enum value that is not known is treated like an unknown field. */
function addInvalid(
  field: DescField,
  value: unknown,
  state: ReadingState,
  describe: () => FieldViolation,
): void {
  if (field.enum !== undefined && typeof value === "string") {
    addUnknown(state, value, describe);
    return;
  }
  const violation = describe();
  state.violations.add(violation.field, violation.description);
}

function messageFieldReader(field: DescField & { fieldKind: "message" }): FieldReader {
  const read = messageReader(field.message);
  const takesNull = field.message.typeName === "google.protobuf.Value";
  const assignMessage = messageAssigner(field);
  return function readMessageField(message, json, path, state) {
    if (json === null && !takesNull) {
      return;
    }
    const value = read(json, path, state);
    if (value !== undefined) {
      assignMessage(message, value, path, state.violations);
    }
  };
}

type Item = { readonly value: unknown } | undefined;

/** Reads one item. `at` is its index or key; the path of the item is built only for a message or a violation. */
type ItemReader = (json: unknown, path: string, at: number | string, state: ReadingState) => Item;

function itemReader(field: DescField & { fieldKind: "list" | "map" }): ItemReader {
  const message = field.message;
  if (message !== undefined) {
    const read = messageReader(message);
    return function readItemMessage(json, path, at, state) {
      const value = read(json, itemPath(path, at), state);
      return value === undefined ? undefined : { value };
    };
  }
  const readValue =
    field.enum === undefined ? scalarReader(field, field.scalar as never) : enumReader(field.enum);
  return function readItemValue(json, path, at, state) {
    const read = readValue(json);
    if (!("expected" in read)) {
      return read;
    }
    addInvalid(field, json, state, () => ({ field: itemPath(path, at), description: read.expected }));
    return undefined;
  };
}

function itemPath(path: string, at: number | string): string {
  return `${path}[${typeof at === "number" ? at : quoteName(at)}]`;
}

/** Returns whether a list or map is too long, and adds the violation. Called before any item is read. */
function isTooLong(field: DescField, length: number, path: string, state: ReadingState): boolean {
  const limit = state.listLimits?.(field);
  if (limit === undefined || length <= limit.most) {
    return false;
  }
  state.violations.addLongList(path, limit.description);
  return true;
}

function listReader(field: DescField & { fieldKind: "list" }): FieldReader {
  const readItem = itemReader(field);
  const structs = field.message?.typeName === StructSchema.typeName;
  return function readList(message, json, path, state) {
    if (json === null) {
      return;
    }
    if (!Array.isArray(json)) {
      return state.violations.add(path, `must be an array, not ${kindOf(json)}`);
    }
    if (isTooLong(field, json.length, path, state)) {
      return;
    }
    const items = message[field.localName] as unknown[];
    const list = structs
      ? (reflect(field.parent, message).get(field) as { add(item: unknown): void })
      : undefined;
    for (let index = 0; index < json.length && !state.violations.isFull; index++) {
      const read = readItem(json[index], path, index, state);
      if (read === undefined) {
        continue;
      }
      if (list === undefined) {
        items.push(read.value);
      } else {
        list.add(reflect(StructSchema, read.value as never));
      }
    }
  };
}

function mapReader(field: DescField & { fieldKind: "map" }): FieldReader {
  const readItem = itemReader(field);
  const readKey = mapKeyReader(field);
  return function readMap(message, json, path, state) {
    if (json === null) {
      return;
    }
    if (!isObject(json)) {
      return state.violations.add(path, `must be an object, not ${kindOf(json)}`);
    }
    const keys = Object.keys(json);
    if (isTooLong(field, keys.length, path, state)) {
      return;
    }
    const map = reflect(field.parent, message).get(field) as { set(key: unknown, value: unknown): unknown };
    for (const key of keys) {
      if (state.violations.isFull) {
        return;
      }
      state.keys += 1;
      const mapKey = readKey(key);
      if ("expected" in mapKey) {
        state.violations.add(itemPath(path, key), `its key ${mapKey.expected}`);
        continue;
      }
      const read = readItem(json[key], path, key, state);
      if (read !== undefined) {
        const value = field.message ? reflect(field.message, read.value as Message) : read.value;
        map.set(mapKey.value, value);
      }
    }
  };
}

function mapKeyReader(field: DescField & { fieldKind: "map" }): ValueReader {
  const read = scalarReader(field, field.mapKey);
  switch (field.mapKey) {
    case ScalarType.STRING:
      return read;
    case ScalarType.BOOL:
      return readBooleanText;
    default:
      // Each number has one spelling only: with two, a key could occur twice.
      return (key) => read(/^(?:0|-?[1-9]\d*)$/.test(String(key)) ? key : undefined);
  }
}
