import { type DescField, getOption, hasOption } from "@bufbuild/protobuf";
import { field as fieldOption } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import type { ListLimit } from "../contract/field-violation.ts";

const known = new WeakMap<DescField, ListLimit>();

/**
 * Limit of the lists for which the contract has none, such as `notifications`, which is ignored on create. No status has
 * more than 514 notifications.
 */
const defaultLimit = limitOf(4_096n, "must contain no more than", "item(s)");

/**
 * Returns the limit of a repeated or map field: that of the contract (`max_items`, `max_pairs`), or 4,096. What reads and
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

/** The descriptions are those of protovalidate. */
function compile(field: DescField): ListLimit {
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
