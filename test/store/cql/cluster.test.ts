import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { driverVersion } from "../../../src/store/cql/cluster.ts";
import { initCqlKeyspace } from "../../../src/store/cql/schema.ts";
import { openCqlStore } from "../../../src/store/cql/store.ts";
import { StoreOpenError } from "../../../src/store/plan-store.ts";

// Tests that need a cluster are in test/cluster/.
describe("a CQL store without a cluster", () => {
  const url = "cql://user:secret@127.0.0.1:1/plans?dc=dc1";

  test.each([
    ["opened", () => openCqlStore({ url })],
    ["initialized", () => initCqlKeyspace({ url })],
  ])("a store without a cluster cannot be %s, and the error says why", async (_, attempt) => {
    const error = await attempt().catch((error) => error);
    expect(error).toBeInstanceOf(StoreOpenError);
    expect(error.message).toMatch(/127\.0\.0\.1:1.*ECONNREFUSED.*try again/);
    expect(error.message).not.toContain("secret");
  });

  test.each([{ dc1: 0 }, { "dc1'": 3 }, { dc1: 1.5 }])(
    "initializing a keyspace rejects the replicas %j",
    async (replicas) => {
      await expect(initCqlKeyspace({ url, replicas })).rejects.toThrow(
        /invalid number of replicas or data centre/,
      );
    },
  );

  test("the message about a missing driver names the version that is tested", () => {
    const { devDependencies } = JSON.parse(
      readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
    );
    expect(devDependencies["cassandra-driver"]).toBe(driverVersion);
  });
});
