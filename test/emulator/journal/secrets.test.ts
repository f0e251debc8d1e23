import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { secret, secretQueries } from "../../support/http/secret-queries.ts";
import { parent } from "../../support/test-server.ts";

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator[Symbol.asyncDispose]());

/** Returns the journal with one call, sent with this query and these headers, as text. */
async function recorded(query: string, headers: [string, string][] = []): Promise<string> {
  await emulator.control("rest").clearCalls({});
  const answer = await fetch(`${emulator.url}/v1/${parent}/planStatuses/nobody?${query}`, { headers });
  await answer.arrayBuffer();
  const { body } = await emulator.rest("GET", "calls");
  return JSON.stringify(body);
}

describe("the journal", () => {
  it.each(secretQueries)("does not keep the secret of the query %s", async (query) => {
    const text = await recorded(query);
    expect(text).toContain('"name":"calls/');
    expect(text).not.toContain(secret);
  });

  it.each([
    "userKey=%2B1415",
    "user_key=a=b",
    "fields=name,plans.planId",
    "$alt=json&prettyPrint=false",
    "includeUiIncompatible=true",
    "monkey=1",
    "tokens=2",
    "keyboard=3",
  ])("keeps the query %s as it was sent", async (query) => {
    expect(await recorded(query)).toContain(`/planStatuses/nobody?${query}"`);
  });

  it("keeps the name of a parameter with a secret, and its other parameters", async () => {
    expect(await recorded(`fields=name&access_token=${secret}&alt=json`)).toContain(
      "?fields=name&access_token=REDACTED&alt=json",
    );
  });

  it.each<[string, string, string | undefined]>([
    ["authorization", `Bearer ${secret}`, "Bearer"],
    ["authorization", `bearer  ${secret}`, "bearer"],
    ["authorization", `Basic ${secret}`, "Basic"],
    ["authorization", `Unknown ${secret}`, "Unknown"],
    ["authorization", secret, ""],
    ["authorization", "Bearer", "Bearer"],
    ["authorization", `${secret.repeat(3)} more`, ""],
    ["authorization", `"${secret}" more`, ""],
    ["proxy-authorization", `Bearer ${secret}`, undefined],
    ["cookie", `session=${secret}`, undefined],
    ["x-api-key", secret, undefined],
    ["x-goog-api-key", secret, undefined],
    ["x-goog-iam-authorization-token", secret, undefined],
    ["x-amz-security-token", secret, undefined],
    ["x-forwarded-access-token", secret, undefined],
    ["referer", `https://example.com/?access_token=${secret}`, undefined],
    ["grpc-metadata-authorization", `Bearer ${secret}`, undefined],
    ["connect-session-cookie", secret, undefined],
    ["x-custom", secret, undefined],
  ])("keeps no secret of the header %s: %s", async (name, value, kept) => {
    const text = await recorded("", [[name, value]]);
    expect(text).not.toContain(secret);
    const headers = (JSON.parse(text).calls[0].headers as { name: string; value?: string }[]) ?? [];
    const found = headers.filter((each) => each.name === name);
    expect(found.map((each) => each.value ?? "")).toEqual(kept === undefined ? [] : [kept]);
  });

  it("keeps the headers that the API reads", async () => {
    const sent: [string, string][] = [
      ["x-goog-request-params", "parent=operators/65001"],
      ["x-goog-api-client", "gl-node/24"],
      ["x-server-timeout", "3"],
      ["if-none-match", '"tag"'],
      ["x-request-id", "my-id"],
      ["cache-control", "no-cache"],
      ["accept", "application/json;q=0.5"],
    ];
    const { calls } = JSON.parse(await recorded("", sent));
    expect(calls[0].requestId).toBe("my-id");
    for (const [name, value] of sent) {
      expect(calls[0].headers).toContainEqual({ name, value });
    }
  });
});
