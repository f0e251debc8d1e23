import { create, fromJson, toJsonString } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { readFieldMask, writeFieldMask } from "../../src/codec/field-mask.ts";
import { JsonInput } from "../../src/codec/json-input.ts";

describe("the codec of google.protobuf.FieldMask", () => {
  it.each(
    [[], ["a"], ["plan_status"], ["a.b_c.d", "e"], ["a_b_c", "user.first_name", "last_name"]].map((paths) => [
      paths,
    ]),
  )("writes and reads %j like protobuf-es", (paths) => {
    const mask = create(FieldMaskSchema, { paths });
    const text = toJsonString(FieldMaskSchema, mask);
    expect(writeFieldMask(mask)).toBe(text);
    const json: string = JSON.parse(text);
    expect(readFieldMask(new JsonInput(), json)).toStrictEqual(fromJson(FieldMaskSchema, json));
  });

  it.each([["foo__bar"], ["fooBar"], ["_foo"], ["foo_"], ["a1"], ["*"], [""], ["a", "b c"], [undefined]])(
    "leaves the paths %j to protobuf-es",
    (...paths) => {
      const mask = { ...create(FieldMaskSchema), paths: paths as string[] };
      expect(() => writeFieldMask(mask)).toThrow();
    },
  );

  it.each([["foo_bar"], ["FooBar"], ["a,"], [",a"], ["a..b"], ["a1"], [1], [null], [["a"]]])(
    "leaves the JSON %j to other readers",
    (json) => {
      expect(() => readFieldMask(new JsonInput(), json)).toThrow();
    },
  );
});
