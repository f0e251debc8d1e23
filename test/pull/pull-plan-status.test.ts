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

  it("reports unknown fields and all other violations at once", async () => {
    const plans = [{ planId: "p", planNmae: "P" }, {}];
    const found = await foundIn(
      answerJson({ ...json(), title: "x".repeat(2_000), languageCode: "", plans, tilte: 1 }),
    );
    expect(found.map((each) => each.split(":")[0])).toEqual([
      "error pull plans[0].planNmae",
      "error pull tilte",
      "error pull plans[1].planId",
      "error pull languageCode",
      "warning pull title",
    ]);
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

  it("returns the first status if the second pull is an error", async () => {
    const agent = await startStubAgent((request, response, count) =>
      (count === 1
        ? answerJson({ ...json(), title: "first" })
        : answerJson({ cause: "TOO_MANY_REQUESTS", errorMessage: "m" }, 429, { "retry-after": "1" }))(
        request,
        response,
        count,
      ),
    );
    const { planStatus, error, found } = await pull(agent.url);
    expect([planStatus?.title, error?.status]).toEqual(["first", 429]);
    expect(found).toEqual([expect.stringContaining("warning second pull status: is 429 TOO_MANY_REQUESTS")]);
  });

  it("warns if it has no credentials, and then sends none", async () => {
    const agent = await startStubAgent(answerJson(json()));
    const { found } = await pull(agent.url, { credentials: undefined });
    expect(found).toEqual([expect.stringContaining("warning pull Authorization: no credentials")]);
    expect(agent.requests[0]?.headers).not.toHaveProperty("authorization");
  });
});

describe("an answer with status 200", () => {
  const status = JSON.stringify(json());
  const with200 =
    (headers: Record<string, string>, body = status): AgentAnswer =>
    (_, response) =>
      response.writeHead(200, { "content-type": "application/json", ...headers }).end(body);

  it.each<[string, Record<string, string>, string]>([
    [
      "Age",
      { age: "37" },
      "error pull Age: is 37: a cache answered, but the request has Cache-Control: no-cache",
    ],
    [
      "Cache-Status",
      { "cache-status": "Cdn; hit; ttl=5" },
      "error pull Cache-Status: is a hit: a cache answered",
    ],
    [
      "Content-Type",
      { "content-type": "text/plain" },
      'error pull Content-Type: is "text/plain": must be application/json',
    ],
    ["Content-Type", { "content-type": "application/json; charset=latin1" }, "error pull Content-Type: is"],
  ])("has a wrong header, which is reported once: %s", async (_, headers, expected) => {
    expect(await foundIn(with200(headers))).toEqual([expect.stringContaining(expected)]);
  });

  it.each([
    { age: "0" },
    { "cache-status": "Cdn; fwd=miss" },
    { "content-type": "application/json; charset=UTF-8" },
  ])("has headers that say nothing against it: %j", async (headers) => {
    expect(await foundIn(with200(headers))).toEqual([]);
  });

  it.each<[string, string, string]>([
    ["nothing", "", "error pull body: must be JSON"],
    ["a page", "<html>", "error pull body: must be JSON"],
    ["half a status", status.slice(0, 20), "error pull body: must be JSON"],
    ["text after the status", `${status}}`, "error pull body: must be JSON"],
    ["a second member after the status", `${status},"userKey":"x"`, "error pull body: must be JSON"],
    ["a list", `[${status}]`, "error pull body: must be a JSON object: a PlanStatus"],
    ["null", "null", "error pull body: must be a JSON object: a PlanStatus"],
    ["bytes that are not UTF-8", "\u00ff", ""],
    ["a key twice", '{"title":"a","title":"b"}', "error pull title: is set twice in one object"],
    ["a wrong type", '{"title":5}', "error pull title: must be a string"],
    ["an unknown enum value", '{"uiCompatibility":"MAYBE"}', "error pull uiCompatibility: "],
    [
      "a number that is no integer",
      '{"plans":[{"planModules":[{"usedBytes":1.5}]}]}',
      "error pull plans[0].planModules[0].usedBytes: ",
    ],
    ["a day that does not exist", '{"expireTime":"2026-02-30T00:00:00Z"}', "error pull expireTime: "],
  ])("has a body that is not a status: %s", async (_, body, expected) => {
    const bytes = body === "\u00ff" ? Buffer.from([0xff]) : body;
    const found = await foundIn((_request, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end(bytes),
    );
    expect(found[0]).toContain(expected || "error pull body: must be UTF-8");
    expect(found.filter((each) => each.includes("userKey"))).toEqual([]);
  });

  it("reports the empty object as a status without its required fields", async () => {
    expect((await foundIn(with200({}, "{}"))).map((each) => each.split(":")[0])).toEqual([
      "error pull languageCode",
      "error pull expireTime",
      "error pull updateTime",
    ]);
  });

  it("reports a bounded number of violations of a status with very many", async () => {
    const plans = Array.from({ length: 100_000 }, () => ({}));
    const found = await foundIn(with200({}, JSON.stringify({ plans })));
    expect(found.length).toBeLessThanOrEqual(101);
    expect(found).toContainEqual(expect.stringMatching(/^error pull body: has .*more violations/));
  });
});

describe("a redirect", () => {
  it.each([301, 302, 303, 307, 308])("is reported and not followed: %i", async (status) => {
    const agent = await startStubAgent((_, response) =>
      response.writeHead(status, { location: "/elsewhere" }).end(),
    );
    expect((await pull(agent.url)).found).toEqual([
      `error pull status: is ${status}, a redirect to "/elsewhere": answer at the URL that Google calls`,
    ]);
    expect(agent.requests).toHaveLength(1);
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
    ["a user key with a blank", { userKey: "a b" }, "user-key: must not contain white space"],
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
