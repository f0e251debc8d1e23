import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiErrorOf, expectNoInternals, readApiError } from "../../support/api-error.ts";
import { callRaw, type RawAnswer } from "../../support/http/raw-call.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../../support/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const times = `"updateTime":"2026-03-01T11:59:00Z","expireTime":"2026-03-01T13:00:00Z"`;
const good = `{"languageCode":"en-US",${times}}`;

/** A status with one field more, as text. */
const withField = (field: string) => `${good.slice(0, -1)},${field}}`;
/** A status with one plan, and that with one module, of which one field is given as text. */
const withModule = (field: string) =>
  withField(
    `"plans":[{"planId":"p","planModules":[{"moduleName":"m","description":"d","coarseBalanceLevel":"HIGH_QUOTA",${field}}]}]`,
  );
const withAccount = (balance: string) =>
  withField(
    `"accountInfo":{"accountBalance":${balance},"accountBalanceStatus":"VALID","validUntil":"2026-03-02T00:00:00Z"}`,
  );
const inModule = (field: string) => `plans[0].planModules[0].${field}`;

describe.each(protocols)("JSON over %s", (protocol) => {
  const clientId = "mobiledataplan";

  function push(userKey: string, status: string | Buffer): Promise<RawAnswer> {
    const head = `{"parent":"${parent}","clientId":"${clientId}","userKey":"${userKey}","planStatus":`;
    const isRest = protocol === "rest";
    return callRaw({
      url: server.url,
      token: server.token,
      protocol,
      format: "json",
      method: isRest
        ? `POST /v1/${parent}/clients/${clientId}/users/${userKey}/planStatus`
        : "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus",
      body: isRest ? status : Buffer.concat([Buffer.from(head), Buffer.from(status), Buffer.from("}")]),
    });
  }

  /** Pushes what cannot be read, and checks all that holds for every such push. */
  async function rejected(status: string | Buffer) {
    const userKey = freshKey();
    const answer = await push(userKey, status);
    expect(answer.httpStatus).toBe(protocol === "grpc" || protocol === "grpc-web" ? 200 : 400);
    expectNoInternals(answer.text);
    if (answer.error === undefined) {
      expect.fail("the push was not rejected");
    }
    const rejection = readApiError(answer.error);
    expect(rejection.code).toBe(Code[Code.InvalidArgument]);
    const read = server.client("connect").getUserPlanStatus({ parent, clientId, userKey });
    expect(await apiErrorOf(read), "nothing is stored").toMatchObject({ reason: "PLAN_STATUS_NOT_FOUND" });
    const spelled = (path: string) => (path.startsWith("planStatus.") ? path.slice(11) : path);
    return { ...rejection, violations: rejection.violations.map(spelled) };
  }

  it(`accepts the valid JSON of these tests over ${protocol}`, async () => {
    const answer = await push(freshKey(), withModule(`"usedBytes":"1"`));
    expect(answer).toMatchObject({ httpStatus: 200, error: undefined });
  });

  it.each<[string, string | Buffer, RegExp]>([
    ["cut off", good.slice(0, -1), /^body: must be JSON/],
    ["not JSON at all", "languageCode=en", /^body: must be JSON/],
    ["with a comma too much", `{"languageCode":"en-US",}`, /^body: must be JSON/],
    ["with NaN", withField(`"title":NaN`), /^body: must be JSON/],
    ["with a comment", `{/* status */ ${good.slice(1)}`, /^body: must be JSON/],
    ["with single quotes", good.replaceAll('"', "'"), /^body: must be JSON/],
    ["with a raw line break in a text", withField(`"title":"a\nb"`), /^body: must be JSON/],
    ["followed by something", `${good}}`, /^body: must be JSON/],
    [
      "in bytes that are no UTF-8",
      Buffer.from(withField(`"title":"\xff\xfe"`), "latin1"),
      /^body: must be UTF-8/,
    ],
    [
      "with an overlong UTF-8 slash",
      Buffer.from(withField(`"title":"\xc0\xaf"`), "latin1"),
      /^body: must be UTF-8/,
    ],
  ])(`rejects JSON %s over ${protocol} with REQUEST_MALFORMED`, async (_, status, expected) => {
    const rejection = await rejected(status);
    expect(rejection).toMatchObject({
      reason: "REQUEST_MALFORMED",
      violations: [expect.stringMatching(expected)],
    });
  });

  it.each<[string, string, string]>([
    ["a number for a text", withField(`"title":5`), "title: must be a string, not a number"],
    ["a text for an object", withField(`"accountInfo":"x"`), "accountInfo: must be an object, not a string"],
    ["an array for an object", withField(`"accountInfo":[]`), "accountInfo: must be an object, not an array"],
    ["an object for an array", withField(`"plans":{}`), "plans: must be an array, not an object"],
    ["null in an array", withField(`"plans":[null]`), "plans[0]: must be an object, not null"],
    ["true for a number", withModule(`"usedBytes":true`), `${inModule("usedBytes")}: must be an integer`],
    [
      "a fraction for a whole number",
      withModule(`"usedBytes":1.5`),
      `${inModule("usedBytes")}: must be an integer`,
    ],
    ["a word for a number", withModule(`"usedBytes":"many"`), `${inModule("usedBytes")}: must be an integer`],
    [
      "an empty text for a number",
      withModule(`"usedBytes":""`),
      `${inModule("usedBytes")}: must be an integer`,
    ],
    ["a number with a plus", withModule(`"usedBytes":"+1"`), `${inModule("usedBytes")}: must be an integer`],
    ["a number in hex", withModule(`"usedBytes":"0x10"`), `${inModule("usedBytes")}: must be an integer`],
    ["NaN as a text", withModule(`"usedBytes":"NaN"`), `${inModule("usedBytes")}: must be an integer`],
    ["a number without end", withModule(`"usedBytes":1e400`), `${inModule("usedBytes")}: must be an integer`],
    [
      "a number beyond 2^53 that is not whole",
      withModule(`"usedBytes":9007199254740993.5`),
      `${inModule("usedBytes")}: must be an integer`,
    ],
    [
      "a number beyond int64",
      withModule(`"usedBytes":"9223372036854775808"`),
      `${inModule("usedBytes")}: must be an integer`,
    ],
    [
      "a number beyond int32",
      withField(`"planInfoPerClient":{"youtube":{"rateLimitedStreaming":{"maxMediaRateKbps":2147483648}}}`),
      "planInfoPerClient.youtube.rateLimitedStreaming.maxMediaRateKbps: must be an integer",
    ],
    [
      "too many digits of nanos",
      withAccount(`{"currencyCode":"USD","nanos":9999999999}`),
      "accountInfo.accountBalance.nanos: must be an integer",
    ],
    ["an unknown field", withField(`"colour":"red"`), "colour: is not a field of PlanStatus"],
    [
      "an unknown field deep inside",
      withModule(`"byteBalanc":{}`),
      `${inModule("byteBalanc")}: is not a field of PlanModule`,
    ],
    ["__proto__", withField(`"__proto__":{"title":"x"}`), "__proto__: is not a field of PlanStatus"],
    ["a field in the wrong case", withField(`"Title":"x"`), "Title: is not a field of PlanStatus"],
    [
      "an unknown name of an enum",
      withField(`"uiCompatibility":"COMPATIBLE"`),
      "uiCompatibility: must be one of UI_COMPATIBILITY_UNSPECIFIED, UI_COMPATIBLE, UI_INCOMPATIBLE",
    ],
    [
      "a name of an enum in the wrong case",
      withModule(`"planModuleState":"active"`),
      `${inModule("planModuleState")}: must be one of PLAN_STATE_UNSPECIFIED, ACTIVE`,
    ],
    ["a number that no enum has", withField(`"uiCompatibility":7`), "uiCompatibility: must be one of"],
    [
      "two of a oneof",
      withModule(`"byteBalance":{},"timeBalance":{}`),
      `${inModule("timeBalance")}: cannot be set together with byteBalance`,
    ],
    ["the same field twice", withField(`"title":"a","title":"b"`), "title: is set twice"],
    [
      "the same field in both spellings",
      withField(`"subscriberId":"a","subscriber_id":"b"`),
      "subscriber_id: is the same field as subscriberId",
    ],
    [
      "an unpaired surrogate",
      withField(`"title":"\\ud800"`),
      "title: must be valid Unicode: it has an unpaired surrogate",
    ],
    [
      "surrogates in the wrong order",
      withField(`"title":"\\udc00\\ud800"`),
      "title: must be valid Unicode: it has an unpaired surrogate",
    ],
  ])(`rejects JSON with %s over ${protocol}`, async (_, status, expected) => {
    const rejection = await rejected(status);
    expect(rejection.violations).toEqual([expect.stringContaining(expected)]);
    expect(rejection.violations[0]?.indexOf(expected)).toBe(0);
  });

  it.each([
    `"2026-02-30T00:00:00Z"`,
    `"2026-02-29T00:00:00Z"`,
    `"2025-02-29T12:00:00+01:00"`,
    `"2026-13-01T00:00:00Z"`,
    `"2026-00-10T00:00:00Z"`,
    `"2026-04-31T00:00:00Z"`,
    `"2026-03-01T24:00:00Z"`,
    `"2026-03-01T12:60:00Z"`,
    `"2026-03-01T12:00:60Z"`,
    `"2026-03-01T12:00:00"`,
    `"2026-03-01T12:00:00.Z"`,
    `"2026-03-01T12:00:00.0000000001Z"`,
    `"2026-03-01T12:00:00+24:00"`,
    `"2026-03-01T12:00:00+0100"`,
    `"2026-03-01 12:00:00Z"`,
    `"2026-03-01"`,
    `"0000-01-01T00:00:00Z"`,
    `"10000-01-01T00:00:00Z"`,
    `"0001-01-01T00:00:00+00:01"`,
    `"9999-12-31T23:59:59-00:01"`,
    `"NaN"`,
    `"Invalid Date"`,
    `""`,
    "1772366400",
    `{"seconds":1772366400}`,
  ])(`rejects JSON with the time %s over ${protocol}`, async (time) => {
    const rejection = await rejected(
      `{"languageCode":"en-US","updateTime":"2026-03-01T11:59:00Z","expireTime":${time}}`,
    );
    expect(rejection.violations).toEqual([
      expect.stringMatching(
        /^expireTime: must be an RFC 3339 time that exists, with Z or an offset, such as "/,
      ),
    ]);
  });

  it.each([
    "2026-03-01T13:00:00Z",
    "2026-03-01T13:00:00.123456789Z",
    "2026-03-01T14:30:00+01:30",
    "2028-02-29T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
  ])(`accepts JSON with the time %s over ${protocol}`, async (time) => {
    const answer = await push(
      freshKey(),
      `{"languageCode":"en-US","updateTime":"2026-03-01T11:59:00Z","expireTime":"${time}"}`,
    );
    expect(answer.error).toBeUndefined();
  });

  it.each([
    ["whole numbers as JSON numbers up to 2^53", withModule(`"usedBytes":9007199254740991`)],
    ["the largest int64 as a JSON number", withModule(`"usedBytes":9223372036854775807`)],
    ["whole numbers in exponent form", withModule(`"usedBytes":1e3`)],
    ["whole numbers in exponent form as texts", withModule(`"usedBytes":"1e3"`)],
    ["whole numbers with a zero fraction as texts", withModule(`"usedBytes":"100.0"`)],
    ["the largest int64 as a text", withModule(`"byteBalance":{"quotaBytes":"9223372036854775807"}`)],
    ["enums by number", withModule(`"planModuleState":1`)],
    ["proto names", withModule(`"used_bytes":"1"`)],
    ["null for absent", withField(`"title":null,"plans":null,"accountInfo":null`)],
    ["paired surrogates as escapes", withField(`"title":"\\ud83d\\ude00"`)],
  ])(`accepts JSON with %s over ${protocol}`, async (_, status) => {
    expect((await push(freshKey(), status)).error).toBeUndefined();
  });

  it.each([
    ["9223372036854774784", 9223372036854774784n],
    ["9223372036854775807", 9223372036854775807n],
    ["9007199254740993", 9007199254740993n],
    ["9007199254740993.0", 9007199254740993n],
    ["1e18", 10n ** 18n],
    ["9.223372036854775807E+18", 9223372036854775807n],
  ])(`stores the JSON number %s exactly over ${protocol}`, async (number, value) => {
    const userKey = freshKey();
    const answer = await push(userKey, withModule(`"usedBytes":${number}`));
    expect(answer.error).toBeUndefined();
    const stored = await server.client("grpc").getUserPlanStatus({ parent, clientId, userKey });
    expect(stored.plans[0]?.planModules[0]?.usedBytes).toBe(value);
  });

  it.each([
    "9223372036854775808",
    "-9223372036854775809",
    "1e19",
    "9007199254740993.5",
    "1.00000000000000001",
    "1e-400",
  ])(`rejects the JSON number %s for an int64 over ${protocol}`, async (number) => {
    const rejection = await rejected(withModule(`"usedBytes":${number}`));
    expect(rejection.violations).toEqual([
      `${inModule("usedBytes")}: must be an integer from -9223372036854775808 to 9223372036854775807`,
    ]);
  });

  it(`reports every violation of a JSON body over ${protocol}`, async () => {
    const rejection = await rejected(
      `{"languageCode":5,"colour":1,"expireTime":"2026-02-30T00:00:00Z","plans":[{"planId":[]},{"planCategory":"GOLD"}]}`,
    );
    expect(rejection.reason).toBe("REQUEST_MALFORMED");
    expect(rejection.violations.map((violation) => violation.split(":", 1)[0])).toEqual([
      "languageCode",
      "colour",
      "expireTime",
      "plans[0].planId",
      "plans[1].planCategory",
    ]);
  });

  it.each([
    ["null", "null"],
    ["an array", "[]"],
    ["a text", `"status"`],
    ["a number", "5"],
  ])(`rejects JSON that is %s instead of an object over ${protocol}`, async (_, status) => {
    expect((await rejected(status)).fields).toHaveLength(1);
  });

  it(`rejects JSON that is nested 10,000 levels deep over ${protocol}`, async () => {
    await rejected(withField(`"plans":${"[".repeat(10_000)}${"]".repeat(10_000)}`));
    await rejected(`${`{"accountInfo":`.repeat(10_000)}{}${"}".repeat(10_000)}`);
  });

  it(`reports at most 100 violations for JSON with 30,000 unknown fields over ${protocol}`, async () => {
    const keys = Array.from({ length: 30_000 }, (_, index) => `"k${index}":0`).join(",");
    const rejection = await rejected(`{${keys}}`);
    expect(rejection.fields.length).toBeLessThanOrEqual(100);
  });
});
