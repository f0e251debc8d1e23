import { describe } from "vitest";
import { initCqlKeyspace } from "../../src/store/cql/schema.ts";
import { openCqlStore } from "../../src/store/cql/store.ts";
import { describePlanStore } from "../store/conformance/plan-store.ts";
import { cluster, missing } from "./provided.ts";

describe.skipIf(missing)(`three nodes${missing && ` (skipped: ${missing})`}`, () => {
  let places = 0;

  describePlanStore(
    "CQL",
    async () => {
      // A keyspace of its own: in a table that was emptied, a third replica may apply a write late.
      const url = cluster.url(`conformance${++places}`);
      await initCqlKeyspace({ url });
      return {
        open: (options) => openCqlStore({ url, ...options }),
        async remove() {},
      };
    },
    { snapshots: false },
  );
});
