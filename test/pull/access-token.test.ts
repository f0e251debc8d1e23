import { toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { checkTokenAnswer } from "../../src/pull/access-token.ts";
import { pullPlanStatus } from "../../src/pull/pull-plan-status.ts";
import { type AgentAnswer, answerJson, startStubAgent } from "../support/http/stub-agent.ts";
import { planStatus } from "../support/plan-statuses.ts";
import { testTime } from "../support/test-clock.ts";

const noStore = { "cache-control": "no-store" };
const granted = { access_token: "t0ken", token_type: "Bearer", expires_in: 3600 };

/** Checks an answer of a token endpoint, and returns the token and the problems. */
function check(value: unknown, status = 200, headers: Record<string, string> = noStore) {
  const { token, problems } = checkTokenAnswer({
    status,
    headers: { "content-type": "application/json", ...headers },
    body: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
  });
  return {
    token,
    found: problems.map(({ severity, field, description }) => `${severity} ${field}: ${description}`),
  };
}

describe("the answer of a token endpoint", () => {
  it.each(["Bearer", "bearer", "BEARER"])("has a token of the type %s", (type) => {
    expect(check({ ...granted, token_type: type })).toEqual({ token: "t0ken", found: [] });
  });

  it.each<[object, string]>([
    [{ token_type: undefined }, "error token_type: value is required: must be Bearer"],
    [{ token_type: "mac" }, "error token_type: is"],
    [{ token_type: null }, "error token_type: is"],
    [{ access_token: undefined }, "error access_token: value is required"],
    [{ access_token: 5 }, "error access_token: must be a string with text"],
    [{ access_token: "" }, "error access_token: must be a string with text"],
    [{ access_token: "a b" }, "error access_token: must consist of letters"],
    [{ access_token: "a\r\nx: y" }, "error access_token: must consist of letters"],
    [{ token_type: ["Bearer"] }, "error token_type: is a list: must be Bearer"],
    [{ token_type: { type: "Bearer" } }, "error token_type: is an object: must be Bearer"],
  ])("has no token that Google can use: %j", (change, expected) => {
    const { token, found } = check({ ...granted, ...change });
    expect(token).toBeUndefined();
    expect(found).toEqual([expect.stringContaining(expected)]);
  });

  it.each<[object, string]>([
    [{ expires_in: undefined }, "warning expires_in: is missing"],
    [{ expires_in: "3600" }, "error expires_in: is"],
    [{ expires_in: -1 }, "error expires_in: is"],
    [{ expires_in: 1.5 }, "error expires_in: is"],
    [{ expires_in: 0 }, "error expires_in: is"],
    [{ refresh_token: "r" }, "warning refresh_token: must not be sent for client credentials"],
  ])("has a token, but another field is wrong: %j", (change, expected) => {
    const { token, found } = check({ ...granted, ...change });
    expect(token).toBe("t0ken");
    expect(found).toEqual([expect.stringContaining(expected)]);
  });

  it("must not be kept by caches", () => {
    const expected = [
      "warning Cache-Control: must be no-store, so that no cache keeps the token (RFC 6749 5.1)",
    ];
    expect(check(granted, 200, {}).found).toEqual(expected);
    expect(check(granted, 200, { "cache-control": "max-age=60" }).found).toEqual(expected);
    expect(check(granted, 200, { "cache-control": "private, no-store" }).found).toEqual([]);
  });

  it.each<[unknown, number, Record<string, string>, readonly string[]]>([
    [
      { error: "invalid_client" },
      401,
      { "www-authenticate": "Basic" },
      ['error status: is 401 with "invalid_client"'],
    ],
    [
      { error: "invalid_client" },
      401,
      {},
      ["error status", "error WWW-Authenticate: must be a challenge such as Basic"],
    ],
    [{ error: "unsupported_grant_type" }, 400, {}, ['error status: is 400 with "unsupported_grant_type"']],
    [{ error: "nope" }, 400, {}, ["error status", "error error: must be one of invalid_request, "]],
    [{}, 400, {}, ["error status: is 400:", "error error: must be one of"]],
    [{}, 500, {}, ["error status: is 500:"]],
    [{}, 302, { location: "/login" }, ['error status: is 302, a redirect to "/login"']],
    [
      "<html>",
      200,
      { "content-type": "text/html", ...noStore },
      ["error Content-Type", "error body: must be JSON"],
    ],
  ])("is an error: %j with %i", (value, status, headers, expected) => {
    const { token, found } = check(value, status, headers);
    expect(token).toBeUndefined();
    expect(found).toEqual(expected.map((part) => expect.stringContaining(part)));
  });
});

describe("a pull with client credentials", () => {
  const status = toJson(PlanStatusSchema, planStatus()) as object;

  /** Starts an agent whose token endpoint gives each client a token of its own, and pulls from it. */
  async function pullWith(clients: readonly { id: string; secret: string }[], tokenAnswer?: AgentAnswer) {
    const agent = await startStubAgent((request, response, count) => {
      const give: AgentAnswer =
        tokenAnswer ?? answerJson({ ...granted, access_token: `token-${count}` }, 200, noStore);
      (request.target.startsWith("/token") ? give : answerJson(status))(request, response, count);
    });
    const report = await pullPlanStatus({
      dpaUrl: agent.url,
      userKey: "49170",
      keyType: "MSISDN",
      clientId: "youtube",
      credentials: { tokenUrl: `${agent.url}/token?tenant=1`, clients },
      clock: { now: () => testTime },
    });
    const findings = report.findings.filter(({ field }) => field !== "dpa" && field !== "token-url");
    return { agent, report, findings };
  }

  it("requests a token with HTTP Basic, id and secret form-encoded, and sends it as a bearer token", async () => {
    const { agent, report, findings } = await pullWith([{ id: "gtaf:1", secret: "s e/c+r%t" }]);
    expect(findings).toEqual([]);
    const [token, first, second] = agent.requests;
    expect(token).toMatchObject({
      method: "POST",
      target: "/token?tenant=1",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "grant_type=client_credentials&client_id=gtaf%3A1",
    });
    const basic = Buffer.from("gtaf%3A1:s+e%2Fc%2Br%25t").toString("base64");
    expect(token?.headers.authorization).toBe(`Basic ${basic}`);
    expect([first, second].map((each) => each?.headers.authorization)).toEqual([
      "Bearer token-1",
      "Bearer token-1",
    ]);
    expect(first?.target).toBe("/49170/planStatus?key_type=MSISDN&client_id=youtube");
    expect(JSON.stringify(report.exchanges)).not.toMatch(/token-1|s e|s\+e/);
  });

  it("requests a token with each pair of a rotation, and pulls with both", async () => {
    const { agent, report, findings } = await pullWith([
      { id: "old", secret: "1" },
      { id: "new", secret: "2" },
    ]);
    expect(findings).toEqual([]);
    expect(report.exchanges.map(({ answer }) => answer)).toEqual([
      "token",
      "second token",
      "pull",
      "second pull",
    ]);
    expect(agent.requests.slice(2).map(({ headers }) => headers.authorization)).toEqual([
      "Bearer token-1",
      "Bearer token-2",
    ]);
  });

  it("reports that one pair of a rotation gets no token, and pulls with the other", async () => {
    const refuseFirst: AgentAnswer = (request, response, count) =>
      (count === 1
        ? answerJson({ error: "invalid_client" }, 401, { "www-authenticate": "Basic" })
        : answerJson(granted, 200, noStore))(request, response, count);
    const { agent, findings } = await pullWith(
      [
        { id: "old", secret: "1" },
        { id: "new", secret: "2" },
      ],
      refuseFirst,
    );
    expect(findings).toMatchObject([{ severity: "error", answer: "token", field: "status" }]);
    expect(agent.requests.at(-1)?.headers.authorization).toBe("Bearer t0ken");
  });

  it("reports of both pairs of a rotation that they get no token", async () => {
    const clients = [
      { id: "old", secret: "1" },
      { id: "new", secret: "2" },
    ];
    const { findings } = await pullWith(clients, answerJson({}, 500));
    expect(findings.map(({ answer, field }) => `${answer} ${field}`)).toEqual([
      "token status",
      "second token status",
      "pull Authorization",
    ]);
  });

  it("makes no pull without a token", async () => {
    const { agent, report, findings } = await pullWith([{ id: "a", secret: "b" }], answerJson({}, 500));
    expect(findings).toMatchObject([
      { severity: "error", answer: "token", field: "status" },
      { severity: "error", answer: "pull", field: "Authorization" },
    ]);
    expect(agent.requests).toHaveLength(1);
    expect(report).not.toHaveProperty("planStatus");
  });
});
