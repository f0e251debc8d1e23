import { describe, expect, it } from "vitest";
import { checkErrorAnswer, documentedErrors, type Question } from "../../src/pull/error-answer.ts";
import type { KeyType } from "../../src/pull/target-url.ts";

type Case = {
  status: number;
  cause?: unknown;
  headers?: Record<string, string>;
  body?: unknown;
  question?: Question;
  keyType?: KeyType;
};

/** Checks an error with this status and cause, and returns the problems as `severity field: description`. */
function problemsOf({
  status,
  cause,
  headers,
  body,
  question = "planStatus",
  keyType = "CPID",
}: Case): string[] {
  const text = JSON.stringify(body ?? { errorMessage: "no", ...(cause !== undefined && { cause }) });
  const answer = {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: Buffer.from(text),
  };
  return checkErrorAnswer(answer, question, keyType).problems.map(
    ({ severity, field, description }) => `${severity} ${field}: ${description}`,
  );
}

const retry = { "retry-after": "30" };

describe("an error of a Data Plan Agent", () => {
  it.each<Case>([
    { status: 403, cause: "USER_ROAMING" },
    { status: 404, cause: "INVALID_NUMBER" },
    { status: 404, cause: "INVALID_NUMBER", keyType: "MSISDN" },
    { status: 409 },
    { status: 409, cause: "INCOMPATIBLE_PLAN" },
    { status: 410, cause: "BAD_CPID" },
    { status: 429, cause: "TOO_MANY_REQUESTS", headers: retry },
    { status: 429, cause: "TOO_MANY_REQUESTS", headers: { "retry-after": "Sun, 01 Mar 2026 12:00:30 GMT" } },
    { status: 500, cause: "ERROR_CAUSE_UNSPECIFIED" },
    { status: 500 },
    { status: 501, cause: "SERVICE_UNAVAILABLE" },
    { status: 503, headers: retry },
    { status: 503, cause: "SERVICE_UNAVAILABLE", headers: retry },
    { status: 503, cause: "BACKEND_FAILURE", headers: retry },
    { status: 400, cause: "BAD_REQUEST", question: "eligibility" },
    { status: 409, cause: "INCOMPATIBLE_PLAN", question: "eligibility" },
    { status: 403, cause: "USER_ROAMING", question: "cpid" },
  ])("is only a warning as Google documents it: %o", (documented) => {
    const problems = problemsOf(documented);
    expect(problems).toEqual([
      expect.stringMatching(/^warning status: is \d{3}.*; the answer has no result$/),
    ]);
    expect(problems[0]).toContain(documentedErrors[documented.status]?.meaning);
  });

  it.each<Case>([
    ...[202, 204, 400, 402, 405, 418, 422, 502, 504].map((status) => ({ status })),
    { status: 402, cause: "PAYMENT_MISSING", question: "eligibility" },
    { status: 404, cause: "INVALID_NUMBER", question: "cpid" },
  ])("has a status that is not documented: %o", (undocumented) => {
    expect(problemsOf(undocumented)).toEqual([
      expect.stringMatching(/^error status: is \d{3}, which is not documented: use one of 200, (400, )?403/),
    ]);
  });

  it.each<Case & { expected: string }>([
    { status: 403, cause: "INVALID_NUMBER", expected: "status 403 is USER_ROAMING" },
    { status: 403, expected: "is missing: the documented cause of status 403 is USER_ROAMING" },
    {
      status: 404,
      cause: "BAD_CPID",
      expected: "is BAD_CPID: the documented cause of status 404 is INVALID_NUMBER",
    },
    { status: 404, expected: "is missing: the documented cause of status 404 is INVALID_NUMBER" },
    { status: 409, cause: "BAD_CPID", expected: "is BAD_CPID, which is the cause of status 410, not of 409" },
    { status: 410, cause: "INVALID_NUMBER", expected: "the documented cause of status 410 is BAD_CPID" },
    {
      status: 429,
      cause: "SERVICE_UNAVAILABLE",
      headers: retry,
      expected: "status 429 is TOO_MANY_REQUESTS",
    },
    { status: 500, cause: "USER_ROAMING", expected: "status 500 is ERROR_CAUSE_UNSPECIFIED" },
    { status: 501, cause: "BACKEND_FAILURE", expected: "status 501 is SERVICE_UNAVAILABLE" },
    {
      status: 503,
      cause: "TOO_MANY_REQUESTS",
      headers: retry,
      expected: "is the cause of status 429, not of 503",
    },
    {
      status: 404,
      cause: "invalid_number",
      expected: '"invalid_number" is not a cause of errors: INVALID_NUMBER was',
    },
    { status: 409, cause: "", expected: '"" is not a cause of errors: one of ERROR_CAUSE_UNSPECIFIED, ' },
    { status: 404, cause: 1, expected: "must be a string" },
    { status: 404, cause: null, expected: "must be a string" },
  ])("has a cause that is not documented for its status: %o", ({ expected, ...undocumented }) => {
    const problems = problemsOf(undocumented).filter((each) => each.startsWith("error"));
    expect(problems).toEqual([expect.stringMatching(/^error cause: /)]);
    expect(problems[0]).toContain(expected);
  });

  it("warns of a cause that 500 may have but that Google does not document for it", () => {
    expect(problemsOf({ status: 500, cause: "BACKEND_FAILURE" })).toContain(
      "warning cause: is BACKEND_FAILURE: the documented cause of status 500 is ERROR_CAUSE_UNSPECIFIED",
    );
  });

  it.each([
    [undefined, "is required with status 429: send a number of seconds or an HTTP date"],
    ["soon", 'is "soon": must be'],
    ["-1", 'is "-1": must be'],
    ["1.5", 'is "1.5": must be'],
    ["", 'is "": must be'],
    ["2026-03-01T12:00:00Z", "must be a number of seconds or an HTTP date"],
    ["Sun, 99 Mar 2026 12:00:30 GMT", "must be a number of seconds or an HTTP date"],
  ])("must say when to call again: Retry-After %s", (value, expected) => {
    for (const [status, cause] of [
      [429, "TOO_MANY_REQUESTS"],
      [503, undefined],
    ] as const) {
      const headers = value === undefined ? {} : { "retry-after": value };
      const problems = problemsOf({ status, cause, headers }).filter((each) => each.startsWith("error"));
      expect(problems).toEqual([expect.stringContaining(expected.replace("429", String(status)))]);
      expect(problems[0]).toMatch(/^error Retry-After: /);
    }
  });

  it("is BAD_CPID for CPIDs only", () => {
    expect(problemsOf({ status: 410, cause: "BAD_CPID", keyType: "MSISDN" })).toContain(
      "error status: is 410, which is only for key_type=CPID, but the request has MSISDN",
    );
  });

  it.each<[unknown, string]>([
    [["list"], "error body: must be a JSON object"],
    ["text", "error body: must be a JSON object"],
    [{ cause: "INVALID_NUMBER" }, "warning errorMessage: is missing: describe the error for people"],
    [{ cause: "INVALID_NUMBER", errorMessage: 5 }, "error errorMessage: must be a string"],
    [{ cause: "INVALID_NUMBER", errorMessage: "m", code: 1 }, 'warning "code": is not a field of an error'],
  ])("has a body that is not an ErrorResponse: %j", (body, expected) => {
    expect(problemsOf({ status: 404, body })).toContainEqual(expect.stringContaining(expected));
  });

  it.each([
    ["<html>Not found</html>", "text/html", ["Content-Type", "body"]],
    ["", "application/json", ["body"]],
    ['{"errorMessage":"m","cause":"INVALID_NUMBER"}', "text/plain", ["Content-Type"]],
    [
      '{"errorMessage":"m","cause":"INVALID_NUMBER"}',
      "application/json; charset=iso-8859-1",
      ["Content-Type"],
    ],
  ])("must be JSON: %s as %s", (text, type, expected) => {
    const answer = { status: 404, headers: { "content-type": type }, body: Buffer.from(text) };
    const { problems } = checkErrorAnswer(answer, "planStatus", "CPID");
    expect(problems.filter(({ severity }) => severity === "error").map(({ field }) => field)).toEqual(
      expected,
    );
  });

  it("is 401 with a challenge if the token is rejected", () => {
    const rejected =
      "error status: is 401: the server rejected the access token, or requires one; check the credentials";
    expect(
      problemsOf({ status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } }),
    ).toEqual([rejected]);
    expect(problemsOf({ status: 401, headers: { "www-authenticate": "Basic realm=x" } })).toEqual([
      rejected,
      expect.stringMatching(/^error WWW-Authenticate: must be a challenge such as Bearer/),
    ]);
  });

  it("never shows more of an answer than a bounded, visible text", () => {
    const cause = `\u001b[2J${"x".repeat(1_000_000)}`;
    const body = { errorMessage: cause, cause };
    const problems = problemsOf({ status: 404, body });
    expect(problems.every((each) => each.length < 500 && !each.includes("\u001b"))).toBe(true);
    const answer = { status: 404, headers: {}, body: Buffer.from(JSON.stringify(body)) };
    const { error } = checkErrorAnswer(answer, "planStatus", "CPID");
    expect([error.cause?.length, error.errorMessage?.length]).toEqual([1_024, 1_024]);
  });
});
