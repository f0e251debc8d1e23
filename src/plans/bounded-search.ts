import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { type FieldViolation, maxViolations } from "../contract/field-violation.ts";

/**
 * Returns the violations in a message, or soon more than {@link maxViolations}: then no more items of lists are searched.
 */
export type Search = (message: Message) => FieldViolation[];

/** Returns the violations in a value. Their paths begin with a dot or bracket: `.plans[1].expirationTime`. */
type SearchValue = (value: Record<string, unknown>, most: number) => readonly FieldViolation[];

/** Returns the violations in a value of a searched type, which are few. */
export type LeafSearch = (value: Record<string, unknown>) => readonly FieldViolation[];

/** What is searched in a message. */
type Searched = {
  /** Returns the search of the values of a type, in the place of a search of their fields. */
  ofType?(desc: DescMessage): LeafSearch | undefined;
  /** Returns the check of a list. If it returns a violation, the items are not searched. */
  ofList?(field: DescField): (items: readonly unknown[]) => string | undefined;
};

const nothing: readonly FieldViolation[] = [];

/** Compiles a search of the messages of a type. Does not search members of oneofs and maps. */
export function compileSearch(desc: DescMessage, searched: Searched): Search {
  const known = new Map<DescMessage, SearchValue>();
  const search = compile(desc);
  return function searchMessage(message) {
    const found = search(message as unknown as Record<string, unknown>, maxViolations + 1);
    return found.map(({ field, description }) => ({ field: field.slice(1), description }));
  };

  function compile(type: DescMessage): SearchValue {
    const earlier = searched.ofType?.(type) ?? known.get(type);
    if (earlier !== undefined) {
      return earlier;
    }
    const inFields: SearchValue[] = [];
    known.set(type, function searchFields(message, most) {
      let found = nothing;
      for (const inField of inFields) {
        found = joined(found, inField(message, most - found.length));
      }
      return found;
    });
    for (const field of type.fields) {
      if (isSearched(field, new Set())) {
        inFields.push(compileField(field));
      }
    }
    return known.get(type) as SearchValue;
  }

  function compileField(field: DescField): SearchValue {
    const { localName } = field;
    const path = `.${field.jsonName}`;
    const inner =
      field.message !== undefined && isSearchedType(field.message, new Set())
        ? compile(field.message)
        : undefined;
    if (field.fieldKind !== "list") {
      return (message, most) => {
        const value = message[localName] as Record<string, unknown> | undefined;
        return value === undefined || inner === undefined ? nothing : within(path, inner(value, most));
      };
    }
    const ofList = searched.ofList?.(field);
    return function searchList(message, most) {
      const items = message[localName] as Record<string, unknown>[];
      const description = ofList?.(items);
      if (description !== undefined) {
        return [{ field: path, description }];
      }
      let found = nothing;
      for (let index = 0; inner !== undefined && index < items.length && found.length < most; index++) {
        const here = inner(items[index] as Record<string, unknown>, most - found.length);
        found = here.length === 0 ? found : joined(found, within(`${path}[${index}]`, here));
      }
      return found;
    };
  }

  function isSearched(field: DescField, seen: Set<DescMessage>): boolean {
    if (field.fieldKind === "list" && searched.ofList !== undefined) {
      return true;
    }
    return field.fieldKind !== "map" && field.message !== undefined && isSearchedType(field.message, seen);
  }

  /** Returns whether a message is of a searched type or contains what is searched. */
  function isSearchedType(type: DescMessage, seen: Set<DescMessage>): boolean {
    if (searched.ofType?.(type) !== undefined) {
      return true;
    }
    if (seen.has(type) || type.typeName.startsWith("google.protobuf.")) {
      return false;
    }
    seen.add(type);
    return type.fields.some((field) => isSearched(field, seen));
  }
}

// Paths are built on the way back, so that a valid message costs no strings.
function within(path: string, found: readonly FieldViolation[]): readonly FieldViolation[] {
  return found.length === 0
    ? nothing
    : found.map(({ field, description }) => ({ field: path + field, description }));
}

function joined(found: readonly FieldViolation[], here: readonly FieldViolation[]) {
  if (found.length === 0 || here.length === 0) {
    return found.length === 0 ? here : found;
  }
  return [...found, ...here];
}
