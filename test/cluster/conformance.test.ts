import cassandra, { type Client } from "cassandra-driver";
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
        remove: () => removeRecords(client),
      };
    },
    { snapshots: false },
  );
});

/**
 * Deletes all records. TRUNCATE would not do: a third replica that applies an acknowledged write late has the record again,
 * while a deletion is newer than the write wherever they meet.
 */
async function removeRecords(client: Client): Promise<void> {
  const { rows } = await client.execute("SELECT asn, kind, client_id, id FROM conformance.record", [], {
    consistency: cassandra.types.consistencies.quorum,
    fetchSize: 100_000,
  });
  const deletion = "DELETE FROM conformance.record WHERE asn = ? AND kind = ? AND client_id = ? AND id = ?";
  await Promise.all(
    rows.map(({ asn, kind, client_id, id }) =>
      client.execute(deletion, [asn, kind, client_id, id], {
        prepare: true,
        consistency: cassandra.types.consistencies.quorum,
      }),
    ),
  );
}
