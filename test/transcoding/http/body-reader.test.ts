import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  CreateUserPlanStatusRequestSchema,
  PlanStatusService,
} from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { createBodyTextReader } from "../../../src/transcoding/http/body-reader.ts";
import { type HttpBinding, httpBindingsOf } from "../../../src/transcoding/http/rules.ts";

const binding = httpBindingsOf(PlanStatusService).find(
  ({ method }) => method.input === CreateUserPlanStatusRequestSchema,
) as HttpBinding;
const read = createBodyTextReader(binding);

describe("createBodyTextReader", () => {
  it("reads a body as the field of the request that it is", () => {
    expect(read('{"languageCode": "de", "title": "\\ud83d\\ude00"}')).toEqual({
      message: create(CreateUserPlanStatusRequestSchema, {
        planStatus: { languageCode: "de", title: "\u{1f600}" },
      }),
    });
  });

  it("reads no text as an empty message, as a server does without a body", () => {
    expect(read("")).toEqual({ message: create(CreateUserPlanStatusRequestSchema, { planStatus: {} }) });
  });

  it.each([
    ["null", "body", "must not be null"],
    ["{", "body", /^must be JSON/],
    ['{"titel": 1}', "titel", "is not a field of PlanStatus; did you mean title?"],
    ['{"title": "a", "title": "b"}', "title", "is set twice in one object"],
    ['{"plans": [{"planModules": [{"usedBytes": "x"}]}]}', "plans[0].planModules[0].usedBytes", /^must be/],
  ])("finds what a server finds in %s, with the paths of REST", (text, field, description) => {
    expect(read(text)).toEqual({
      violations: [
        {
          field,
          description: typeof description === "string" ? description : expect.stringMatching(description),
        },
      ],
    });
  });

  it("takes half a character for the one that a server receives in its place", () => {
    expect(read('{"title": "a\ud83d"}')).toMatchObject({ message: { planStatus: { title: "a\ufffd" } } });
  });
});
