import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { maxViolations } from "../../src/contract/field-violation.ts";
import { readApiError } from "../support/api-error.ts";
import { callRaw, type RawCall } from "../support/http/raw-call.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { requestBinary, requestJson, worstBinary, worstJson } from "../support/worst-case/bodies.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const rpc = "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus";
const rest = "POST /v1/operators/65001/clients/mobiledataplan/users/k/planStatus";

/** Sends a body that is rejected, and checks that the answer is an error of bounded size. */
async function rejected(call: Pick<RawCall, "protocol" | "format" | "body"> & Partial<RawCall>) {
  const method = call.protocol === "rest" ? rest : rpc;
  const { error, text } = await callRaw({ url: server.url, token: server.token, method, ...call });
  if (error === undefined) {
    expect.fail("the request was not rejected");
  }
  const received = readApiError(error);
  expect(received.code).toBe("InvalidArgument");
  expect(received.violations.length).toBeGreaterThan(0);
  expect(received.violations.length).toBeLessThanOrEqual(maxViolations);
  // Base64 and JSON of Connect have the violations twice.
  expect(text.length).toBeLessThan(20_000);
  expect(received.message.length).toBeLessThan(1_500);
  return received;
}

describe.each(["rest", "connect", "grpc", "grpc-web"] as const)("the worst JSON over %s", (protocol) => {
  it.each(worstJson().map(({ name, json }) => [name, json as string] as const))(
    `is rejected over ${protocol} with an error of bounded size: %s`,
    async (_, json) => {
      const body = protocol === "rest" ? json : requestJson(json);
      expect((await rejected({ protocol, format: "json", body })).reason).toMatch(
        /^(FIELD_INVALID|REQUEST_MALFORMED)$/,
      );
    },
  );

  it(`names a list of 349,000 empty modules once over ${protocol}`, async () => {
    const [{ json = "" } = {}] = worstJson();
    const isRest = protocol === "rest";
    const { reason, violations } = await rejected({
      protocol,
      format: "json",
      encoding: "gzip",
      body: gzipSync(isRest ? json : requestJson(json)),
    });
    expect({ reason, violations }).toEqual({
      reason: "FIELD_INVALID",
      violations: [
        `${isRest ? "" : "planStatus."}plans[0].planModules: must contain no more than 128 item(s)`,
      ],
    });
  });
});

describe.each(["connect", "grpc", "grpc-web"] as const)("the worst binary over %s", (protocol) => {
  it.each(worstBinary().map(({ name, binary }) => [name, binary as Uint8Array] as const))(
    `is rejected over ${protocol} with an error of bounded size: %s`,
    async (_, binary) => {
      const { reason } = await rejected({ protocol, format: "binary", body: requestBinary(binary) });
      expect(reason).toMatch(/^(FIELD_INVALID|REQUEST_MALFORMED)$/);
    },
  );

  it(`names a list of 524,000 empty modules once over ${protocol}`, async () => {
    const [{ binary = new Uint8Array() } = {}] = worstBinary();
    const { reason, violations } = await rejected({
      protocol,
      format: "binary",
      body: requestBinary(binary),
    });
    expect({ reason, violations }).toEqual({
      reason: "FIELD_INVALID",
      violations: ["planStatus.plans[0].planModules: must contain no more than 128 item(s)"],
    });
  });
});

describe("the other methods", () => {
  it.each<[string, string, (json: string) => string]>([
    ["CreatePlanStatus", "POST /v1/operators/65001/planStatuses?userKey=k", (json) => json],
    [
      "CreatePlanGroup",
      "POST /v1/operators/65001/planGroups",
      (json) => `{"planGroupId":"k","planGroup":${json.replace('"plans"', '"dataPlans"')}}`,
    ],
  ])("%s rejects the worst JSON with errors of bounded size", async (_, method, bodyOf) => {
    // Blanks around an empty object are a valid group.
    for (const { json = "" } of worstJson().filter(({ name }) => name !== "blanks")) {
      const body = bodyOf(json).slice(0, 1024 * 1024);
      await rejected({ protocol: "rest", format: "json", method, body });
    }
    expect(server.failures).toEqual([]);
  });

  it("a query of a thousand unknown parameters is rejected with an error of bounded size", async () => {
    const query = "x=1&".repeat(1_000);
    const method = `GET /v1/operators/65001/planStatuses/k?${query}`;
    const { violations } = await rejected({ protocol: "rest", format: "json", method, body: "" });
    expect(violations.at(-1)).toBe("request: has more violations, which are not listed");
  });
});
