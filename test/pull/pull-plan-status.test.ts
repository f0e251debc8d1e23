import { toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { BalanceLevel, NotificationType } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { type PullOptions, pullPlanStatus } from "../../src/pull/pull-plan-status.ts";
import { type AgentAnswer, answerJson, startStubAgent } from "../support/http/stub-agent.ts";
import {
  day,
  fromNow,
  hour,
  minute,
  planModule,
  planStatus,
  second,
  statusOf,
} from "../support/plan-statuses.ts";
import { testTime } from "../support/test-clock.ts";

const json = (status = planStatus()) => toJson(PlanStatusSchema, status) as Record<string, unknown>;

/** Pulls with a token at `testTime`, and returns findings as `severity answer field: description`. */
async function pull(url: string, options: Partial<PullOptions> = {}) {
  const report = await pullPlanStatus({
    dpaUrl: url,
    userKey: "a/b+c==",
    keyType: "CPID",
    clientId: "mobiledataplan",
    credentials: { token: "t0ken" },
    clock: { now: () => testTime },
    ...options,
  });
  const found = report.findings
    .filter(({ field }) => field !== "dpa")
    .map(({ severity, answer, field, description }) => `${severity} ${answer} ${field}: ${description}`);
  return { ...report, found };
}

/** Pulls from an agent with this answer, and returns the findings. */
async function foundIn(answer: AgentAnswer, options: Partial<PullOptions> = {}): Promise<string[]> {
  const agent = await startStubAgent(answer);
  return (await pull(agent.url, options)).found;
}

describe("a pull", () => {
  it("requests the status twice, with the user key as one segment, no-cache, a language and the token", async () => {
    const agent = await startStubAgent(answerJson(json()));
    const report = await pull(`${agent.url}/v1/`, { language: "de" });
    expect(report.found).toEqual([]);
    expect(agent.requests).toHaveLength(2);
    expect(agent.requests[0]).toMatchObject({
      method: "GET",
      target: "/v1/a%2Fb%2Bc%3D%3D/planStatus?key_type=CPID&client_id=mobiledataplan",
      headers: { "cache-control": "no-cache", authorization: "Bearer t0ken", "accept-language": "de" },
    });
    expect(report.planStatus?.languageCode).toBe("en-US");
    expect(report.exchanges).toMatchObject([
      { answer: "pull", method: "GET", status: 200, headers: { "content-type": "application/json" } },
      { answer: "second pull", status: 200 },
    ]);
    expect(JSON.stringify(report.exchanges)).not.toContain("t0ken");
  });

  it("reports all violations of the contract, the time and notifications at once, with their paths", async () => {
    const status = {
      ...json(planStatus({ expireTime: fromNow(-hour), updateTime: fromNow(-31 * day) })),
      languageCode: "",
      plans: [{ planModules: [{ coarseBalanceLevel: "LOW_QUOTA" }, { planModuleState: "EXPIRING_SOON" }] }],
    };
    const found = await foundIn(answerJson(status));
    expect(found.map((each) => each.split(":")[0])).toEqual([
      "error pull plans[0].planId",
      "error pull plans[0].planModules[0].description",
      "error pull plans[0].planModules[0].moduleName",
      "error pull plans[0].planModules[1].description",
      "error pull plans[0].planModules[1].moduleName",
      "error pull plans[0].planModules[1]",
      "error pull languageCode",
      "error pull expireTime",
      "error pull updateTime",
      "error pull plans[0].planModules[0].byteBalance.remainingBytes",
      "error pull plans[0].planModules[1].expirationTime",
    ]);
    expect(found).toContain(
      "error pull expireTime: must be in the future: it is 1.0 hours in the past by this machine's clock",
    );
  });

  it("returns the notifications that the status would trigger", async () => {
    const agent = await startStubAgent(
      answerJson(json(statusOf(planModule({ coarseBalanceLevel: BalanceLevel.LOW_QUOTA })))),
    );
    const { notifications, found } = await pull(agent.url);
    expect({ notifications, found }).toEqual({
      notifications: [NotificationType.NOTIFICATION_LOW_BALANCE_WARNING],
      found: [],
    });
  });

  it.each([
    ["refuse", ["error pull plans[0].planNmae"]],
    ["warn", ["warning pull plans[0].planNmae"]],
    ["ignore", []],
  ] as const)("treats unknown fields as told: %s", async (unknownFields, expected) => {
    const status = { ...json(), plans: [{ planId: "p", planNmae: "P" }] };
    const found = await foundIn(answerJson(status), { unknownFields });
    expect(found.map((each) => each.split(":")[0])).toEqual(expected);
  });

  it("warns of a limit of this project, which Google does not have", async () => {
    const found = await foundIn(answerJson({ ...json(), title: "x".repeat(2_000) }));
    expect(found).toEqual([
      expect.stringMatching(
        /^warning pull title: must be at most 1024 .*\(a limit of this project, not of Google\)$/,
      ),
    ]);
  });

  it("warns of an old update time that is the same twice, and accepts a new one or a young one", async () => {
    expect(await foundIn(answerJson(json(planStatus({ updateTime: fromNow(-2 * minute) }))))).toEqual([
      expect.stringContaining("warning second pull updateTime: is 120 s old and the same"),
    ]);
    expect(await foundIn(answerJson(json(planStatus({ updateTime: fromNow(-59 * second) }))))).toEqual([]);
    const moving: AgentAnswer = (request, response, count) =>
      answerJson(json(planStatus({ updateTime: fromNow(-hour + count) })))(request, response, count);
    expect(await foundIn(moving)).toEqual([]);
  });

  it("reports an update time that goes back", async () => {
    const answer: AgentAnswer = (request, response, count) =>
      answerJson(json(planStatus({ updateTime: fromNow(-count * minute) })))(request, response, count);
    expect(await foundIn(answer)).toEqual([
      expect.stringContaining("error second pull updateTime: is 2026-03-01T11:58:00Z, earlier than"),
    ]);
  });

  it("makes no second request if the first has no status", async () => {
    const agent = await startStubAgent(answerJson({ cause: "INVALID_NUMBER", errorMessage: "no" }, 404));
    const { error, found } = await pull(agent.url);
    expect(agent.requests).toHaveLength(1);
    expect(error).toEqual({ status: 404, cause: "INVALID_NUMBER", errorMessage: "no" });
    expect(found).toEqual([
      "warning pull status: is 404 INVALID_NUMBER: the user key is not known; the answer has no result",
    ]);
  });

  it("warns if it has no credentials, and then sends none", async () => {
    const agent = await startStubAgent(answerJson(json()));
    const { found } = await pull(agent.url, { credentials: undefined });
    expect(found).toEqual([expect.stringContaining("warning pull Authorization: no credentials")]);
    expect(agent.requests[0]?.headers).not.toHaveProperty("authorization");
  });
});

describe("options that allow no request", () => {
  it.each([
    ["a URL that is none", { dpaUrl: "dpa.example.com" }, "dpa: must be a URL"],
    [
      "http to another machine",
      { dpaUrl: "http://dpa.example.com" },
      "dpa: http://dpa.example.com: must be an https URL",
    ],
    [
      "a password in the URL",
      { dpaUrl: "https://a:secret@dpa.example.com" },
      "dpa: the URL for dpa.example.com must",
    ],
    [
      "a query",
      { dpaUrl: "https://dpa.example.com/?a=b" },
      "dpa: https://dpa.example.com/: the URL must have no query",
    ],
    ["a fragment", { dpaUrl: "https://dpa.example.com/#a" }, "must have no query and no fragment"],
    ["no user key", { userKey: "" }, "user-key: value is required"],
    ["a user key of dots", { userKey: ".." }, "user-key: must not be . or .."],
    ["a token with a line break", { credentials: { token: "a\r\nb" } }, "token: must consist of letters"],
    ["a plan id of dots", { eligibility: { planId: "." } }, "eligibility: must not be . or .."],
    [
      "a token URL over http",
      { credentials: { tokenUrl: "http://auth.example.com", clients: [] } },
      "token-url: http://auth.example.com: must be an https URL",
    ],
  ])("are rejected: %s", async (_, options, message) => {
    const pulled = pull("https://dpa.example.com", options);
    await expect(pulled).rejects.toThrow(TypeError);
    await expect(pulled).rejects.toThrow(message);
    await expect(pulled).rejects.not.toThrow("secret");
  });
});
