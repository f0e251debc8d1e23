import { randomInt } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { StoreOpenError } from "../plan-store.ts";
import type { CqlCluster } from "./cluster.ts";

/** How long the lock outlasts a program that was killed, in s. */
const lockSeconds = 120;

/** How often, and how long in ms each time, another program is waited for. */
const attempts = 240;
const pauseMs = 500;

// Cassandra has no lock but a row that only one can insert, which is what Paxos is for. Its number is the owner's: who
// took longer than the lock lasts must not release that of the next one.
const take = `INSERT INTO store_schema (name, version) VALUES ('lock', ?) IF NOT EXISTS USING TTL ${lockSeconds}`;
const release = "DELETE FROM store_schema WHERE name = 'lock' IF version = ?";

/**
 * Does something that only one program may do at a time, of all that use a keyspace. Others wait, about as long as a
 * program that was killed keeps the lock. Rejects with StoreOpenError if that was not enough.
 */
export async function withCqlLock(cluster: CqlCluster, work: () => Promise<void>): Promise<void> {
  const owner = randomInt(2 ** 31 - 1);
  for (let attempt = 1; ; attempt++) {
    const [row] = await cluster.run(take, [owner]);
    if (row?.["[applied]"] === true) {
      break;
    }
    if (attempt === attempts) {
      throw new StoreOpenError(
        "another program is changing the tables, or was killed; try again in two minutes",
      );
    }
    await setTimeout(pauseMs);
  }
  try {
    await work();
  } finally {
    await cluster.run(release, [owner]);
  }
}
