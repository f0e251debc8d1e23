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

const faultsOf = async (push: Push) => {
  const faults: (string | undefined)[] = [];
  for (const check of checks) {
    faults.push(await check.run(push));
  }
  return faults;
};

describe("the checks of the auth libraries", () => {
  it("find a program that says OK and stores nothing", async () => {
    const liar: Push = async (env) => ({
      code: "OK",
      message: `operators/65001/planStatuses/${env.MDPS_USER_KEY}`,
    });
    expect(await faultsOf(liar)).toEqual([
      expect.stringMatching(/^expected to read back "pushed for \S+", got .*404/),
      expect.stringMatching(/^expected PERMISSION_DENIED, got .*"OK"/),
      expect.stringMatching(/^expected a failure that says invalid_grant, got .*"OK"/),
    ]);
  });

  it("find a program that is always refused, and one that fails for another reason", async () => {
    const refused: Push = async () => ({ code: "PERMISSION_DENIED", message: "no" });
    expect(await faultsOf(refused)).toEqual([
      expect.stringMatching(/^expected operators\/65001\/\S+, got .*PERMISSION_DENIED/),
      undefined,
      expect.stringMatching(/^expected a failure that says invalid_grant/),
    ]);
    const offline: Push = async () => ({ code: "UNAVAILABLE", message: "connection refused" });
    expect((await faultsOf(offline)).filter((fault) => fault === undefined)).toEqual([]);
  });
});
