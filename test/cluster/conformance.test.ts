import type { Client } from "cassandra-driver";
import { afterAll, beforeAll, describe } from "vitest";
import { initCqlKeyspace } from "../../src/store/cql/schema.ts";
import { openCqlStore } from "../../src/store/cql/store.ts";
import { describePlanStore } from "../store/conformance/plan-store.ts";
import { cluster, missing } from "./provided.ts";

describe.skipIf(missing)(`three nodes${missing && ` (skipped: ${missing})`}`, () => {
  let client: Client;
  beforeAll(async () => {
    await initCqlKeyspace({ url: cluster.url("conformance") });
    client = await cluster.connect();
  });
  afterAll(() => client.shutdown());

  describePlanStore(
    "CQL",
    async () => {
      const url = cluster.url("conformance");
      return {
        open: (options) => openCqlStore({ url, ...options }),
        async remove() {
          await client.execute("TRUNCATE conformance.record");
        },
      };
    },
    { snapshots: false },
  );
});
