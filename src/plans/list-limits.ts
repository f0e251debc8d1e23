import { type DescField, type DescMessage, getOption, hasOption, type Message } from "@bufbuild/protobuf";
import { StructSchema } from "@bufbuild/protobuf/wkt";
import { field as fieldOption } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import type { FieldViolation, ListLimit } from "../contract/field-violation.ts";
import { compileSearch, type Search } from "./bounded-search.ts";
import { maxStructValues, tooManyValues } from "./struct-rules.ts";

const known = new WeakMap<DescField, ListLimit>();

/**
 * Limit of the lists for which the contract has none, such as `notifications`, which is ignored on create. No status has
 * more notifications: two for each of 128 modules of 128 plans, and two for the account.
 */
const defaultLimit = limitOf(32_770n, "must contain no more than", "item(s)");

/** Limit of the values of a google.protobuf.Struct, those inside others included. */
const structLimit: ListLimit = { most: maxStructValues, description: tooManyValues };

/**
 * Returns the limit of a repeated or map field: that of the contract (`max_items`, `max_pairs`), or 32,770. What reads and
 * validates messages compares lengths with it before it looks at items, so that a long list costs nothing.
 */
export function listLimitOf(field: DescField): ListLimit {
  const earlier = known.get(field);
  if (earlier !== undefined) {
    return earlier;
  }
  const limit = compile(field);
  known.set(field, limit);
  return limit;
}

const searches = new WeakMap<DescMessage, Search>();

/**
 * Returns the violations of the lists in a message that are too long, without reading their items: all of them, or soon
 * more than an error lists. Like what reads messages, it does not search members of oneofs and types of Google, where the
 * contract has no lists.
 */
export function longListsIn(desc: DescMessage, message: Message): FieldViolation[] {
  const search = searches.get(desc) ?? compileSearch(desc, { ofList: limitCheck });
  searches.set(desc, search);
  return search(message);
}

function limitCheck(field: DescField): (items: readonly unknown[]) => string | undefined {
  const { most, description } = listLimitOf(field);
  return ({ length }) => (length > most ? description : undefined);
}

/** The descriptions are those of protovalidate. */
function compile(field: DescField): ListLimit {
  if (field.parent.typeName === StructSchema.typeName) {
    return structLimit;
  }
  const { type } = hasOption(field, fieldOption) ? getOption(field, fieldOption) : {};
  switch (type?.case) {
    case "repeated":
      return limitOf(type.value.maxItems, "must contain no more than", "item(s)");
    case "map":
      return limitOf(type.value.maxPairs, "map must be at most", "entries");
    default:
      return defaultLimit;
  }
}

function limitOf(most: bigint, expected: string, items: string): ListLimit {
  return most === 0n ? defaultLimit : { most: Number(most), description: `${expected} ${most} ${items}` };
}
