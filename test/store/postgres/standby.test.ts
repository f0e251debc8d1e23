import { setImmediate } from "node:timers/promises";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StoreOpenError, StoreUnavailable } from "../../../src/store/plan-store.ts";
import { recordOf, soonMs, untilRejects, untilResolves, usePostgres } from "./places.ts";
import { whyNoPostgres } from "./server.ts";

const reason = whyNoPostgres();

/** A timeout for tests that let a put wait until somebody ends its wait. */
const patient = 20_000;

describe.skipIf(reason)(`PostgreSQL without durability${reason ? ` (skipped: ${reason})` : ""}`, () => {
  const places = usePostgres();

  /** Runs commits that wait, so that others can watch them. */
  let waiting: pg.Client;
  let admin: pg.Client;
  beforeEach(async () => {
    waiting = await places.connect();
    admin = await places.connect();
  });
  afterEach(() => alterSystem("RESET synchronous_standby_names", "RESET fsync"));

  async function alterSystem(...settings: string[]): Promise<void> {
    for (const setting of settings) {
      await admin.query(`ALTER SYSTEM ${setting}`);
    }
    await admin.query("SELECT pg_reload_conf()");
  }

  /** From now on every commit waits for a synchronous standby that does not exist. */
  async function loseStandby(): Promise<void> {
    await alterSystem("SET synchronous_standby_names = 'away'");
    const { pid } = (await waiting.query("SELECT pg_backend_pid() AS pid")).rows[0];
    // The setting takes effect when the checkpointer has read it. Until then this commit does not wait.
    for (let waits = false; !waits; ) {
      let isDone = false;
      const commit = waiting.query("SELECT pg_logical_emit_message(true, 'test', '')").then(() => {
        isDone = true;
      });
      while (!isDone && !waits) {
        waits = await isWaiting(`pid = ${pid}`);
      }
      await admin.query(`SELECT pg_cancel_backend(${pid})`);
      await commit;
    }
  }

  async function isWaiting(condition: string): Promise<boolean> {
    const { rows } = await admin.query(
      `SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND ${condition}`,
    );
    return rows.length > 0;
  }

  /** Calls this function for every connection of a store that waits, once one does. */
  async function endWait(name: "pg_cancel_backend" | "pg_terminate_backend"): Promise<void> {
    const condition = "application_name = 'mdps'";
    while (!(await isWaiting(condition))) {
      await setImmediate();
    }
    await admin.query(
      `SELECT ${name}(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND ${condition}`,
    );
  }

  /** Returns the number of connections of stores, as the server sees it. */
  async function backends(): Promise<number> {
    const { rows } = await admin.query(
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mdps' AND backend_type = 'client backend'",
    );
    return Number(rows[0].count);
  }

  test("a put is not acknowledged when an administrator cancels its wait for the synchronous standby", async () => {
    const store = await places.open({ timeout: patient });
    await loseStandby();
    const rejected = expect(store.put(recordOf("user"))).rejects.toThrow(
      new StoreUnavailable(
        "PostgreSQL may not have stored this durably: canceling wait for synchronous replication due to user request",
      ),
    );
    await endWait("pg_cancel_backend");
    await rejected;
  });

  test("a put is not acknowledged when its role hides warnings from clients", async () => {
    await places.sql(`
      CREATE ROLE quiet LOGIN SUPERUSER PASSWORD 'quiet';
      ALTER ROLE quiet SET client_min_messages = 'error'`);
    const url = new URL(places.server.url);
    url.username = url.password = "quiet";
    const store = await places.open({ url: url.href, timeout: patient });
    await loseStandby();
    const rejected = expect(store.put(recordOf("user"))).rejects.toThrow(/may not have stored this durably/);
    await endWait("pg_cancel_backend");
    await rejected;
  });

  test("a put is not acknowledged when its process is ended while it waits for the standby", async () => {
    const store = await places.open({ timeout: patient });
    await loseStandby();
    const rejected = expect(store.put(recordOf("user"))).rejects.toThrow(StoreUnavailable);
    await endWait("pg_terminate_backend");
    await rejected;
  });

  test("without the standby, puts and health checks reject, no processes accumulate, and both recover when it is not required", async () => {
    const store = await places.open({ timeout: soonMs });
    await store.put(recordOf("user"));
    expect(await backends()).toBe(5);
    await loseStandby();
    const counts: number[] = [];
    for (let round = 0; round < 3; round++) {
      const puts = ["a", "b", "c", "d"].map((id) => store.put(recordOf(`${id}${round}`)));
      for (const outcome of await Promise.allSettled(puts)) {
        expect(outcome).toMatchObject({ reason: expect.any(StoreUnavailable) });
      }
      await expect(store.health()).rejects.toThrow(StoreUnavailable);
      counts.push(await backends());
    }
    // One connection at a time is replaced, which ends the process of the last one.
    expect(Math.max(...counts)).toBeLessThanOrEqual(6);
    await alterSystem("RESET synchronous_standby_names");
    await untilResolves(() => store.health());
    expect(await untilResolves(() => store.put(recordOf("user")))).toEqual({ outcome: "stored" });
    while ((await backends()) > 5) {
      await setImmediate();
    }
  });

  test("a store can be closed while a put waits for the standby, and leaves no process behind", async () => {
    const store = await places.open({ timeout: soonMs });
    await loseStandby();
    const rejected = expect(store.put(recordOf("user"))).rejects.toThrow(StoreUnavailable);
    await store.close();
    await rejected;
    while ((await backends()) > 0) {
      await setImmediate();
    }
  });

  test("opening a new store rejects without the standby, and leaves no process behind", async () => {
    await loseStandby();
    await expect(places.open({ timeout: soonMs })).rejects.toThrow(StoreOpenError);
    while ((await backends()) > 0) {
      await setImmediate();
    }
  });

  test("a put is not acknowledged when synchronous_commit is off for its commit", async () => {
    const store = await places.open();
    await places.sql(`
      CREATE FUNCTION hurry() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN PERFORM set_config('synchronous_commit', 'off', true); RETURN new; END $$;
      CREATE TRIGGER hurry BEFORE INSERT ON record FOR EACH ROW EXECUTE FUNCTION hurry()`);
    await expect(store.put(recordOf("user"))).rejects.toThrow(
      /^PostgreSQL has not stored the records durably/,
    );
  });

  test("puts are not acknowledged while the server has fsync = off", async () => {
    const store = await places.open();
    await store.put(recordOf("user"));
    await alterSystem("SET fsync = off");
    await untilRejects(() => store.put(recordOf("user")), /has not stored the records durably/);
    await alterSystem("RESET fsync");
    expect(await untilResolves(() => store.put(recordOf("user")))).toEqual({ outcome: "stored" });
  });
});
