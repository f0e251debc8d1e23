import { create, type DescMessage } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GetPlanStatusRequestSchema } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { CreatePlanGroupRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { CreateUserPlanStatusRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { compileAcceptance } from "../../src/plans/acceptance.ts";
import { compile } from "../scripts/generate/openapi/compile.ts";
import { messages } from "../support/messages.ts";

const validator = createValidator({ regexMatch: (pattern, text) => new RegExp(pattern, "u").test(text) });

// Fewer runs for larger messages, which contain more rules and take longer.
describe.each<[string, DescMessage, number]>([
  ["CreateUserPlanStatusRequest", CreateUserPlanStatusRequestSchema, 500],
  ["CreatePlanGroupRequest", CreatePlanGroupRequestSchema, 1_000],
  ["GetPlanStatusRequest", GetPlanStatusRequestSchema, 1_000],
])("compileAcceptance of %s", (_, desc, numRuns) => {
  it(`accepts the messages that protovalidate finds valid: ${desc.name}`, () => {
    const accept = compileAcceptance(desc);
    const seen = { valid: 0, invalid: 0 };
    fc.assert(
      fc.property(messages(desc), (message) => {
        const { kind } = validator.validate(desc, message as never);
        expect(kind).not.toBe("error");
        seen[kind as "valid" | "invalid"] += 1;
        expect(accept(message)).toBe(kind === "valid");
      }),
      { numRuns },
    );
    // Both kinds must occur, or the comparison proves little.
    expect(seen.valid).toBeGreaterThan(20);
    expect(seen.invalid).toBeGreaterThan(20);
  });
});

describe("compileAcceptance", () => {
  const { files } = compile({
    "unknown/v1/unknown.proto": `
      syntax = "proto3";
      package unknown.v1;
      import "buf/validate/validate.proto";
      message Known { string text = 1 [(buf.validate.field).string.max_len = 3]; }
      message Bytes { string text = 1 [(buf.validate.field).string.max_bytes = 3]; }
      message OtherString { string text = 1 [(buf.validate.field).string.email = true]; }
      message OtherCel {
        option (buf.validate.message).cel = {id: "x" message: "x" expression: "this.number > 1"};
        int32 number = 1;
      }
      message Nested { OtherString rule = 1; }
      message MinItems { repeated string texts = 1 [(buf.validate.field).repeated.min_items = 1]; }
      message Unique { repeated string texts = 1 [(buf.validate.field).repeated.unique = true]; }
      message OtherItems { repeated string texts = 1 [(buf.validate.field).repeated.items.string.min_len = 1]; }
      message Map { map<string, string> texts = 1 [(buf.validate.field).map.min_pairs = 1]; }
      message PlainMap { map<string, string> texts = 1; }
      message LongAsString { int64 number = 1 [jstype = JS_STRING, (buf.validate.field).int64.gte = 1]; }
      message OtherNumber { int64 number = 1 [(buf.validate.field).int64.lt = 1]; }
      message Float { double number = 1 [(buf.validate.field).double.gte = 0]; }
      message Oneof {
        oneof choice { option (buf.validate.oneof).required = true; string text = 1; int32 number = 2; }
      }
      message RequiredList { repeated string texts = 1 [(buf.validate.field).required = true]; }
      message RequiredMessage { Known known = 1 [(buf.validate.field).required = true]; }
      message RequiredNumber { int64 number = 1 [(buf.validate.field).required = true]; }
      message RequiredOptional { optional int32 number = 1 [(buf.validate.field).required = true]; }
      message RequiredMember { oneof choice { string text = 1 [(buf.validate.field).required = true]; } }
      message Tree {
        string text = 1 [(buf.validate.field).string.max_len = 3];
        repeated Tree trees = 2;
      }
      enum Level { NONE = 0; LOW = 1; HIGH = 31; HIGHER = 32; BELOW = -1; }
      message Defined { Level level = 1 [(buf.validate.field).enum.defined_only = true]; }
      message NotIn { Level level = 1 [(buf.validate.field).enum = {not_in: [1, 32, 40]}]; }`,
    "unknown/v1/old.proto": `
      syntax = "proto2";
      package unknown.v1;
      import "buf/validate/validate.proto";
      message Old { optional int32 number = 1 [(buf.validate.field).required = true, default = 3]; }`,
  });
  const descOf = (name: string) =>
    files.flatMap(({ messages }) => messages).find((each) => each.name === name) as DescMessage;
  /** Returns whether the acceptance and protovalidate accept a message. */
  function verdicts(name: string, init: object) {
    const desc = descOf(name);
    const message = create(desc, init as never);
    return {
      accepted: compileAcceptance(desc)(message),
      valid: validator.validate(desc, message).kind === "valid",
    };
  }

  it.each<[string, object, object]>([
    ["Known", { text: "abc" }, { text: "abcd" }],
    ["RequiredList", { texts: ["a"] }, { texts: [] }],
    ["RequiredMessage", { known: {} }, {}],
    ["RequiredMessage", { known: { text: "abc" } }, { known: { text: "abcd" } }],
    ["RequiredNumber", { number: 1n }, { number: 0n }],
    ["RequiredOptional", { number: 0 }, {}],
    ["RequiredMember", { choice: { case: "text", value: "" } }, {}],
    ["Tree", { trees: [{ text: "abc" }, {}] }, { trees: [{}, { trees: [{ text: "abcd" }] }] }],
    ["Defined", { level: 31 }, { level: 30 }],
    ["Defined", { level: 32 }, { level: 33 }],
    ["Defined", { level: 0 }, { level: 2 ** 31 - 1 }],
    ["Defined", { level: -1 }, { level: -2 }],
    ["NotIn", { level: 31 }, { level: 1 }],
    ["NotIn", { level: 33 }, { level: 32 }],
    ["NotIn", { level: -7 }, { level: 40 }],
  ])("accepts the same messages as protovalidate for rules that it knows: %s", (name, valid, invalid) => {
    expect(verdicts(name, valid)).toEqual({ accepted: true, valid: true });
    expect(verdicts(name, invalid)).toEqual({ accepted: false, valid: false });
  });

  it.each<[string, object]>([
    ["OtherString", { text: "a@example.com" }],
    ["OtherCel", { number: 2 }],
    ["Nested", {}],
    ["MinItems", { texts: ["a"] }],
    ["Unique", { texts: ["a", "b"] }],
    ["OtherItems", { texts: ["a"] }],
    ["Map", { texts: { a: "a" } }],
    ["PlainMap", {}],
    ["LongAsString", { number: "1" }],
    ["OtherNumber", {}],
    ["Float", { number: 1 }],
    ["Old", { number: 1 }],
    ["Oneof", { choice: { case: "text", value: "a" } }],
  ])("leaves messages with a kind of rule that it does not know to protovalidate: %s", (name, valid) => {
    expect(verdicts(name, valid)).toEqual({ accepted: false, valid: true });
  });
});
