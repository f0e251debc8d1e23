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

describe.each([CreateUserPlanStatusRequestSchema, CreatePlanGroupRequestSchema, GetPlanStatusRequestSchema])(
  "acceptance of $name",
  (desc: DescMessage) => {
    it("accepts exactly what protovalidate finds valid", () => {
      const accept = compileAcceptance(desc);
      const seen = { valid: 0, invalid: 0 };
      fc.assert(
        fc.property(messages(desc), (message) => {
          const { kind } = validator.validate(desc, message as never);
          expect(kind).not.toBe("error");
          seen[kind as "valid" | "invalid"] += 1;
          expect(accept(message)).toBe(kind === "valid");
        }),
        { numRuns: 1_500 },
      );
      // Otherwise the comparison would say little.
      expect(seen.valid).toBeGreaterThan(50);
      expect(seen.invalid).toBeGreaterThan(50);
    });
  },
);

describe("a rule that the acceptance does not know", () => {
  const { files } = compile({
    "unknown/v1/unknown.proto": `
      syntax = "proto3";
      package unknown.v1;
      import "buf/validate/validate.proto";
      message Known { string text = 1 [(buf.validate.field).string.max_bytes = 3]; }
      message OtherRule { string text = 1 [(buf.validate.field).string.email = true]; }
      message OtherCel {
        option (buf.validate.message).cel = {id: "x" message: "x" expression: "this.number > 1"};
        int32 number = 1;
      }
      message Inside { OtherRule rule = 1; }`,
  });
  const message = (name: string) => files[0]?.messages.find((each) => each.name === name) as DescMessage;

  it("makes it accept nothing, so that protovalidate decides", () => {
    expect(compileAcceptance(message("Known"))(create(message("Known")))).toBe(true);
    expect(compileAcceptance(message("OtherRule"))(create(message("OtherRule")))).toBe(false);
    expect(compileAcceptance(message("OtherCel"))(create(message("OtherCel")))).toBe(false);
    expect(compileAcceptance(message("Inside"))(create(message("Inside")))).toBe(false);
  });
});
