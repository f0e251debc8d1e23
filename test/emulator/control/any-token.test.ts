import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPlanSharingClient } from "../../../src/client/index.ts";
import { exampleStatus } from "../../../src/examples/index.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { protocols } from "../../support/test-server.ts";

const now = Date.now();
const pushed = () =>
  planStatus({ updateTime: timestampFromMs(now), expireTime: timestampFromMs(now + 3_600_000) });

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator({ anyToken: true });
});
afterAll(async () => {
  expect(emulator.failures).toEqual([]);
  await emulator[Symbol.asyncDispose]();
});

describe.each(protocols)("an emulator that accepts any token, over %s", (protocol) => {
  it("accepts pushes and reads for every operator with a token that nobody has issued", async () => {
    const client = createPlanSharingClient({ endpoint: emulator.url, protocol, token: "a", retry: false });
    for (const asn of [1, 65001, 4_294_967_295]) {
      const named = { parent: `operators/${asn}`, clientId: "mobiledataplan", userKey: protocol };
      await client.createUserPlanStatus({ ...named, planStatus: pushed() });
      expect((await client.getUserPlanStatus(named)).name).toBe(`operators/${asn}/planStatuses/${protocol}`);
    }
  });

  it("still validates requests", async () => {
    const client = createPlanSharingClient({ endpoint: emulator.url, protocol, token: "a", retry: false });
    const planStatus = { ...pushed(), languageCode: "" };
    const call = client.createPlanStatus({ parent: "operators/65001", planStatus });
    expect((await apiErrorOf(call)).reason).toBe("FIELD_INVALID");
  });
});

describe("a request without a valid Authorization", () => {
  const push = async ({ url }: TestEmulator, headers: Readonly<Record<string, string>>) => {
    const response = await fetch(`${url}/v1/operators/65001/clients/mobiledataplan/users/k/planStatus`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(exampleStatus(new Date())),
    });
    return response.status;
  };

  it.each([
    {},
    { authorization: "Basic eDp5" },
    { authorization: "Bearer" },
    { authorization: "Bearer a, b" },
  ])("is served by an emulator that accepts any token: %j", async (headers) => {
    // Each push is newer than the one before.
    expect(await push(emulator, headers as Record<string, string>)).toBe(200);
  });

  it("is refused by default", async () => {
    await using strict = await startTestEmulator();
    expect(await push(strict, {})).toBe(401);
    expect(await push(strict, { authorization: "Bearer a" })).toBe(401);
  });
});
