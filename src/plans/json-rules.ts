import type { DescMessage } from "@bufbuild/protobuf";
import { StructSchema, type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { FieldViolation } from "../contract/field-violation.ts";
import { compileSearch, type LeafSearch, type Search } from "./bounded-search.ts";
import { searchStruct } from "./struct-rules.ts";

const noViolations: readonly FieldViolation[] = [];
const invalidTime: readonly FieldViolation[] = [
  { field: "", description: "must be a time from year 1 to 9999, with 0 to 999999999 nanoseconds" },
];

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z: the range of google.protobuf.Timestamp, in seconds. */
const firstSecond = -62_135_596_800n;
const lastSecond = 253_402_300_799n;

/** protobuf-es stores a Struct as a JSON object. */
const searches: ReadonlyMap<string, LeafSearch> = new Map([
  [TimestampSchema.typeName, searchTimestamp as LeafSearch],
  [StructSchema.typeName, searchStruct as LeafSearch],
]);

/**
 * Compiles the search for values in a message type that JSON cannot represent, at any depth. Binary messages can contain
 * times outside the years 1 to 9999, and numbers such as NaN in a Struct, which could be stored but never written as JSON.
 * `buf.validate` rules cannot see nanoseconds, nor the values inside a Struct.
 */
export function createJsonRules(desc: DescMessage): Search {
  return compileSearch(desc, { ofType: ({ typeName }) => searches.get(typeName) });
}

function searchTimestamp({ seconds, nanos }: Timestamp): readonly FieldViolation[] {
  const isValid = seconds >= firstSecond && seconds <= lastSecond && nanos >= 0 && nanos <= 999_999_999;
  return isValid ? noViolations : invalidTime;
}
