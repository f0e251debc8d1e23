import { describe, expect, it } from "vitest";
import { checkCpidAnswer, checkCpidEndpoint } from "../../src/pull/check-cpid-endpoint.ts";
import { type AgentAnswer, answerJson, startStubAgent } from "../support/http/stub-agent.ts";

const valid = { cpid: "aGVsbG8/d29ybGQ=", ttlSeconds: 2_592_000 };

/** Checks one answer, and returns the problems as `severity field: description`. */
function problemsOf(value: unknown, status = 200, headers: Record<string, string> = {}): string[] {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const answer = {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: Buffer.from(text),
  };
  return checkCpidAnswer(answer).problems.map(
    ({ severity, field, description }) => `${severity} ${field}: ${description}`,
  );
}

describe("the answer of a CPID endpoint", () => {
  it.each([
    valid,
    { ...valid, ttlSeconds: 2_592_001 },
    '{"cpid":"x","ttlSeconds":2.592e6}',
    '{"cpid":"x","ttlSeconds":2592000.0}',
    { ...valid, cpid: "x".repeat(4096) },
  ])("has a CPID and how long it is valid: %j", (value) => {
    expect(problemsOf(value)).toEqual([]);
  });

  it.each<[unknown, string]>([
    [{ ttlSeconds: 2_592_000 }, "error cpid: value is required"],
    [{ ...valid, cpid: "" }, ": must be a string with text"],
    [{ ...valid, cpid: 5 }, ": must be a string with text"],
    [{ ...valid, cpid: null }, ": must be a string with text"],
    [{ ...valid, cpid: "a b" }, "error cpid: must not contain white space"],
    [{ ...valid, cpid: "ab\n" }, "error cpid: must not contain white space"],
    [{ ...valid, cpid: "a\u200bb" }, "error cpid: must not contain white space"],
    [{ ...valid, cpid: ".." }, "error cpid: must not be . or .."],
    [
      { ...valid, cpid: "x".repeat(4097) },
      "warning cpid: must be at most 4096 characters (a limit of this project",
    ],
    [{ ...valid, cpid: "491701234567" }, "warning cpid: looks like a phone number: a CPID must be encrypted"],
    [{ cpid: "x" }, "error ttlSeconds: value is required: a number of seconds, at least 1209600 (14 days)"],
    [{ ...valid, ttlSeconds: "2592000" }, "must be a JSON number, whole seconds, such as 2592000"],
    [{ ...valid, ttlSeconds: 2_592_000.5 }, "error ttlSeconds: is 2592000.5: must be a JSON number, whole"],
    [{ ...valid, ttlSeconds: null }, "error ttlSeconds: is null: must be a JSON number"],
    ['{"cpid":"x","ttlSeconds":1e400}', "error ttlSeconds: is"],
    ['{"cpid":"x","ttlSeconds":99999999999999999999}', "error ttlSeconds: is"],
    [
      { ...valid, ttlSeconds: -2_592_000 },
      "error ttlSeconds: is -2592000: must be at least 1209600 (14 days)",
    ],
    [{ ...valid, ttlSeconds: 0 }, "error ttlSeconds: is 0: must be at least 1209600 (14 days)"],
    [{ ...valid, ttlSeconds: 1_209_599 }, "error ttlSeconds: is 1209599: must be at least 1209600 (14 days)"],
    [{ ...valid, ttlSeconds: 1_209_600 }, "warning ttlSeconds: is 1209600: 2592000 (30 days) is recommended"],
    [{ ...valid, ttlSeconds: 2_591_999 }, "warning ttlSeconds: is 2591999: 2592000 (30 days) is recommended"],
    [{ ...valid, ttl: 1 }, "warning ttl: is not a field of a CPID"],
    [[valid], "error body: must be a JSON object"],
    ["{", "error body: must be JSON"],
    [
      `{"cpid":"x","ttlSeconds":${"[".repeat(15_000)}${"]".repeat(15_000)}}`,
      "error ttlSeconds: is a list: must be",
    ],
  ])("is wrong in one field: %j", (value, expected) => {
    expect(problemsOf(value)).toEqual([expect.stringContaining(expected)]);
  });

  it("reports all that is wrong at once", () => {
    expect(problemsOf({ cpid: "a b", ttlSeconds: "1" }, 200, { "content-type": "text/html" })).toEqual([
      expect.stringMatching(/^error Content-Type: is "text\/html"/),
      expect.stringMatching(/^error cpid: /),
      expect.stringMatching(/^error ttlSeconds: /),
    ]);
  });

  it.each<[number, object, Record<string, string>, string]>([
    [201, valid, {}, "error status: is 201, which is not documented: use one of 200, 403"],
    [404, {}, {}, "error status: is 404, which is not documented"],
    [302, {}, { location: "https://login.example.com/" }, "error status: is 302, a redirect to"],
    [
      403,
      { cause: "USER_ROAMING", errorMessage: "m" },
      {},
      "warning status: is 403 USER_ROAMING: the user is roaming",
    ],
  ])("has no CPID: %i %j", (status, value, headers, expected) => {
    expect(problemsOf(value, status, headers)[0]).toContain(expected);
  });
});

describe("the check of a CPID endpoint", () => {
  /** Checks an endpoint, and returns the report and findings as `severity answer field: description`. */
  async function check(
    answer: AgentAnswer,
    options: { app?: string; path?: string; language?: string } = {},
  ) {
    const { path = "/cpid", ...others } = options;
    const agent = await startStubAgent(answer);
    const report = await checkCpidEndpoint({ cpidUrl: agent.url + path, ...others });
    const found = report.findings
      .filter(({ field }) => field !== "url")
      .map(
        ({ severity, answer: name, field, description }) => `${severity} ${name} ${field}: ${description}`,
      );
    return { agent, report, found };
  }

  const fresh: AgentAnswer = (request, response, count) =>
    answerJson({ ...valid, cpid: `cpid-${count}` })(request, response, count);

  it("makes three requests, with Accept-Language and the last with app", async () => {
    const { agent, report, found } = await check(fresh, { language: "sr-Latn" });
    expect(found).toEqual([]);
    expect(agent.requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
      "GET /cpid",
      "GET /cpid",
      "GET /cpid?app=mobiledataplan",
    ]);
    expect(agent.requests.map(({ headers }) => headers["accept-language"])).toEqual(Array(3).fill("sr-Latn"));
    expect(report.cpids.map(({ cpid }) => cpid)).toEqual(["cpid-1", "cpid-2", "cpid-3"]);
  });

  it("keeps the query of the URL and adds app to it", async () => {
    const { agent } = await check(fresh, { path: "/cpid?tenant=1", app: "a&b" });
    expect(agent.requests.map(({ target }) => target).slice(1)).toEqual([
      "/cpid?tenant=1",
      "/cpid?tenant=1&app=a%26b",
    ]);
  });

  it.each<[string, (count: number) => number, readonly string[]]>([
    ["the second is the first", (count) => [1, 1, 3][count - 1] ?? 0, ["error second cpid cpid"]],
    ["the third is the first", (count) => [1, 2, 1][count - 1] ?? 0, ["error cpid with app cpid"]],
    ["the third is the second", (count) => [1, 2, 2][count - 1] ?? 0, ["error cpid with app cpid"]],
    ["all are the same", () => 1, ["error second cpid cpid"]],
  ])("reports a CPID that is not new: %s", async (_, numberOf, expected) => {
    const { found } = await check((request, response, count) =>
      answerJson({ ...valid, cpid: `cpid-${numberOf(count)}` })(request, response, count),
    );
    expect(found.map((each) => each.split(":")[0])).toEqual(expected);
    expect(found[0]).toContain("each GET must return a new CPID");
  });

  it("reports what is wrong with all answers once", async () => {
    const { found } = await check((request, response, count) =>
      answerJson({ cpid: `cpid-${count}`, ttlSeconds: 60 })(request, response, count),
    );
    expect(found).toEqual(["error cpid ttlSeconds: is 60: must be at least 1209600 (14 days)"]);
  });

  it("accepts http to other machines with a warning, because no token is sent", async () => {
    // An address for documentation (RFC 5737), where nobody answers.
    const report = await checkCpidEndpoint({ cpidUrl: "http://192.0.2.1/", timeoutMs: 50 });
    expect(report.findings).toMatchObject([
      { severity: "warning", field: "url" },
      { severity: "error", field: "connection" },
    ]);
    // Without an answer, it makes no further requests.
    expect(report.exchanges).toHaveLength(1);
  });

  it.each([
    "",
    "cpid.example.com",
    "ftp://cpid.example.com",
    "https://u:secret@cpid.example.com",
    "https://h/#f",
  ])("rejects a URL that cannot be called: %s", async (cpidUrl) => {
    const checked = checkCpidEndpoint({ cpidUrl });
    await expect(checked).rejects.toThrow(/^url: /);
    await expect(checked).rejects.not.toThrow("secret");
  });
});
