import { toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { checkEligibility, type EligibilityQuestion } from "../../src/pull/eligibility.ts";
import { pullPlanStatus } from "../../src/pull/pull-plan-status.ts";
import { answerJson, startStubAgent } from "../support/http/stub-agent.ts";
import { planStatus } from "../support/plan-statuses.ts";
import { testTime } from "../support/test-clock.ts";

function check(value: unknown, question: Partial<EligibilityQuestion> = {}, status = 200) {
  const { planIds, problems } = checkEligibility(
    { status, headers: { "content-type": "application/json" }, body: Buffer.from(JSON.stringify(value)) },
    { keyType: "CPID", ...question },
  );
  return {
    planIds,
    found: problems.map(({ severity, field, description }) => `${severity} ${field}: ${description}`),
  };
}

describe("an answer about eligible plans", () => {
  it.each([
    [{ eligiblePlans: [{ planId: "a" }, { planId: "b" }] }, ["a", "b"]],
    [{ eligiblePlans: [] }, []],
  ])("has a list of plans: %j", (value, planIds) => {
    expect(check(value)).toEqual({ planIds, found: [] });
  });

  it.each<[unknown, readonly string[]]>([
    [{}, ["error eligiblePlans: value is required"]],
    [{ eligiblePlans: "a" }, ["error eligiblePlans: must be a list"]],
    [{ eligiblePlans: null }, ["error eligiblePlans: must be a list"]],
    [{ eligiblePlans: ["a"] }, ["error eligiblePlans[0]: must be an object with planId"]],
    [
      { eligiblePlans: [{ planId: "a" }, {}, { planId: 5 }, { planId: "" }] },
      [
        "error eligiblePlans[1].planId: value is required",
        "error eligiblePlans[2].planId: must be a string",
        "error eligiblePlans[3].planId: must be a string",
      ],
    ],
    [
      { eligiblePlans: [{ planId: "a", price: 5 }], next: 1 },
      ["error next: is not a known field", "error eligiblePlans[0].price: is not a known field"],
    ],
    [[], ["error body: must be a JSON object"]],
  ])("has another form: %j", (value, expected) => {
    expect(check(value).found).toEqual(expected.map((part) => expect.stringContaining(part)));
  });

  it("treats unknown fields as told", () => {
    const value = { eligiblePlans: [{ planId: "a", price: 5 }] };
    expect(check(value, { unknownFields: "warn" }).found).toEqual([
      "warning eligiblePlans[0].price: is not a known field",
    ]);
    expect(check(value, { unknownFields: "ignore" }).found).toEqual([]);
  });

  it("must have the plan that was asked for", () => {
    expect(check({ eligiblePlans: [{ planId: "a" }] }, { planId: "a" }).found).toEqual([]);
    expect(check({ eligiblePlans: [{ planId: "b" }] }, { planId: "a" }).found).toEqual([
      'error eligiblePlans: does not contain "a": if the user may not buy it, answer 409',
    ]);
  });

  it("reports at most a hundred problems of a list", () => {
    const plans = Array.from({ length: 50_000 }, () => ({}));
    expect(check({ eligiblePlans: plans }).found).toHaveLength(100);
  });

  it("may be 400 or 409, which is no error of the agent", () => {
    for (const status of [400, 409]) {
      expect(check({ errorMessage: "no" }, { planId: "a" }, status).found).toEqual([
        expect.stringMatching(/^warning status: is 4/),
      ]);
    }
  });
});

describe("a pull that asks for eligible plans", () => {
  it.each([
    [{}, "/a%2Fb/Eligibility?key_type=CPID", ["x", "y/z"]],
    [{ planId: "y/z" }, "/a%2Fb/Eligibility/y%2Fz?key_type=CPID", ["x", "y/z"]],
  ])("sends the plan as one segment: %j", async (eligibility, target, expected) => {
    const status = answerJson(toJson(PlanStatusSchema, planStatus()));
    const plans = answerJson({ eligiblePlans: [{ planId: "x" }, { planId: "y/z" }] });
    const agent = await startStubAgent((request, response, count) =>
      (request.target.includes("/Eligibility") ? plans : status)(request, response, count),
    );
    const report = await pullPlanStatus({
      dpaUrl: agent.url,
      userKey: "a/b",
      keyType: "CPID",
      clientId: "mobiledataplan",
      credentials: { token: "t0ken" },
      eligibility,
      clock: { now: () => testTime },
    });
    expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(report.eligiblePlans).toEqual(expected);
    expect(agent.requests.at(-1)).toMatchObject({ target, headers: { authorization: "Bearer t0ken" } });
  });
});
