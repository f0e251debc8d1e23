import {
  create,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Message,
  ScalarType,
  toJson,
} from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { type PlanStatus, PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";

/** Valid and invalid values of string fields. The first value of each field is valid. */
const strings: Readonly<Record<string, readonly string[]>> = {
  parent: ["operators/65001", "operators/4294967295", "operators/4294967296", "operators/01", "x", ""],
  name: ["operators/1/planStatuses/a", "operators/1/planStatuses/a%2Fb", "operators/1/planStatuses/%", ""],
  client_id: ["mobiledataplan", "youtube", "AndroidSystemInfo", "maps", ""],
  language_code: ["en-US", "sr-Latn", "C", "", `en${"-abc".repeat(1024)}`],
  cpid_state: ["CPID_STATE_1", "A", "a", "", "B".repeat(65)],
  currency_code: ["USD", "usd", ""],
};
const anyString = ["x", "ü", "", "y".repeat(1024), "😀".repeat(1024), "😀".repeat(1025), "z".repeat(4097)];

/** One item more than the lists of the contract may have. */
const tooLong = 129;

/** Values of google.protobuf.Struct. */
const structs: readonly JsonObject[] = [{}, { a: [1, "b", null, { c: true }] }, { "": -0.5 }];

/** Returns mostly the first value, which is valid, so that whole messages are valid often enough. */
function mostly<T>(values: readonly T[]): fc.Arbitrary<T> {
  const [first, ...others] = values as [T, ...T[]];
  return fc.oneof(
    { weight: 40, arbitrary: fc.constant(first) },
    { weight: 1, arbitrary: fc.constantFrom(first, ...others) },
  );
}

function singular(field: DescField): fc.Arbitrary<unknown> {
  if (field.message?.typeName === "google.protobuf.Struct") {
    return mostly(structs);
  }
  if (field.message !== undefined) {
    return messages(field.message);
  }
  if (field.enum !== undefined) {
    return mostly([1, 2, 0, 99]);
  }
  switch (field.scalar) {
    case ScalarType.STRING:
      return mostly(strings[field.name] ?? anyString);
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.INT64:
      return mostly([0n, 5n, -1n, 2n ** 63n - 1n]);
    default:
      return mostly([0, 5, -5, 2_000_000_000]);
  }
}

/** Generates messages of a type. Many satisfy every rule of the contract, the others break one or more. */
export function messages(desc: DescMessage): fc.Arbitrary<Message> {
  const shape: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of desc.fields) {
    if (field.oneof === undefined) {
      const value =
        field.fieldKind === "list"
          ? fc.oneof(
              { weight: 20, arbitrary: fc.array(singular(field), { maxLength: 2 }) },
              {
                weight: 1,
                arbitrary: singular(field).map((item) => Array.from({ length: tooLong }, () => item)),
              },
            )
          : singular(field);
      shape[field.localName] = fc.option(value, { nil: undefined, freq: 12 });
    }
  }
  for (const oneof of desc.oneofs) {
    const members = oneof.fields.map((field) =>
      singular(field).map((value) => ({ case: field.localName, value })),
    );
    shape[oneof.localName] = fc.option(fc.oneof(...members), { nil: undefined, freq: 12 });
  }
  return fc
    .record(shape)
    .map((fields) =>
      create(
        desc,
        Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never,
      ),
    );
}

/** Generates the JSON of statuses of which many satisfy every rule. They have the given times and a language. */
export function statusJson(times: { updateTime: Timestamp; expireTime: Timestamp }): fc.Arbitrary<JsonValue> {
  return messages(PlanStatusSchema)
    .map((message) => {
      const status: PlanStatus = { ...(message as PlanStatus), languageCode: "en-US", ...times };
      try {
        return toJson(PlanStatusSchema, status);
      } catch {
        // Its times or durations have no JSON.
        return undefined;
      }
    })
    .filter((json) => json !== undefined);
}
