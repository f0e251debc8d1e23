import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Check, checksAgainst, type Push } from "./checks.ts";
import { serveTls, type TlsServer } from "./tls-server.ts";

let server: TlsServer;
let checks: readonly Check[];

beforeAll(async () => {
  server = await serveTls();
  checks = checksAgainst(server);
});
afterAll(() => server.stop());

const problemsOf = async (push: Push) => {
  const problems: (string | undefined)[] = [];
  for (const check of checks) {
    problems.push(await check.run(push));
  }
  return problems;
};

describe("checksAgainst", () => {
  it("the checks fail a program that reports OK but stores nothing", async () => {
    const liar: Push = async (env) => ({
      code: "OK",
      message: `operators/65001/planStatuses/${env.MDPS_USER_KEY}`,
    });
    expect(await problemsOf(liar)).toEqual([
      expect.stringMatching(/^expected to read back "pushed for \S+", got .*404/),
      expect.stringMatching(/^expected PERMISSION_DENIED, got .*"OK"/),
      expect.stringMatching(/^expected an error with invalid_grant, got .*"OK"/),
    ]);
  });

  it("the checks fail a program that is always rejected, and one that fails for another reason", async () => {
    const rejected: Push = async () => ({ code: "PERMISSION_DENIED", message: "no" });
    expect(await problemsOf(rejected)).toEqual([
      expect.stringMatching(/^expected operators\/65001\/\S+, got .*PERMISSION_DENIED/),
      undefined,
      expect.stringMatching(/^expected an error with invalid_grant/),
    ]);
    const offline: Push = async () => ({ code: "UNAVAILABLE", message: "connection refused" });
    expect((await problemsOf(offline)).filter((problem) => problem === undefined)).toEqual([]);
  });
});
