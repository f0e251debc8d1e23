import { randomInt } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { StoreOpenError } from "../plan-store.ts";
import type { CqlCluster } from "./cluster.ts";

/** How long the lock of a program that was killed lasts, in s. */
const lockSeconds = 120;

/** Number of attempts to take the lock, and the pause between them in ms. */
const attempts = 240;
const pauseMs = 500;

// By Paxos only one program can insert the row. It has the number of its owner, so that a program whose lock has expired
// cannot release that of the next one.
const take = `INSERT INTO store_schema (name, version) VALUES ('lock', ?) IF NOT EXISTS USING TTL ${lockSeconds}`;
const release = "DELETE FROM store_schema WHERE name = 'lock' IF version = ?";

/**
 * Runs work that only one program of a keyspace may run at a time. Others wait for two minutes, in which the lock of a
 * program that was killed expires, and then reject with StoreOpenError.
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
