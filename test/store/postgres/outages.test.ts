import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { type PlanStore, StoreUnavailable } from "../../../src/store/plan-store.ts";
import { recordOf, soonMs, untilRejects, untilResolves, usePostgres } from "./places.ts";
import { whyNoPostgres } from "./server.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

const reason = whyNoPostgres();

describe.skipIf(reason)(`PostgreSQL during outages${reason ? ` (skipped: ${reason})` : ""}`, () => {
  const places = usePostgres();
  let proxy: TcpProxy | undefined;
  afterEach(async () => {
    await proxy?.close();
    proxy = undefined;
  });

  /** Opens a store whose connections go through the proxy. */
  async function openThroughProxy(): Promise<PlanStore> {
    proxy = await startTcpProxy(places.server.port);
    const url = places.server.url.replace(`:${places.server.port}/`, `:${proxy.port}/`);
    return places.open({ url, timeout: soonMs });
  }

  test("commits wait for the disk, independently of the defaults of the role", async () => {
    await places.sql(`
      CREATE ROLE hasty LOGIN SUPERUSER PASSWORD 'hasty';
      ALTER ROLE hasty SET synchronous_commit = off;
      ALTER ROLE hasty SET default_transaction_isolation = 'serializable';
      ALTER ROLE hasty SET bytea_output = 'escape'`);
    const url = new URL(places.server.url);
    url.username = url.password = "hasty";
    const store = await places.open({ url: url.href });
    await places.sql(`
      CREATE TABLE seen AS SELECT '' AS setting;
      CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN UPDATE seen SET setting = current_setting('synchronous_commit'); RETURN new; END $$;
      CREATE TRIGGER see BEFORE INSERT ON record FOR EACH ROW EXECUTE FUNCTION see()`);
    await store.put(recordOf("user"));
    expect(await places.sql("SELECT setting FROM seen")).toEqual([{ setting: "on" }]);
    expect((await store.get(recordOf("user").key))?.toString()).toBe("of user");
  });

  test("a store reconnects to a server that was killed and restarted, and no acknowledged put is lost", async () => {
    const store = await places.open({ timeout: soonMs });
    const acknowledged = new Map<string, number>();
    const failures: unknown[] = [];
    const enough = Promise.withResolvers<void>();
    let next = 0;
    let running = true;
    const producer = async () => {
      while (running) {
        const seconds = next++;
        const id = `user${seconds % 500}`;
        try {
          const value = Buffer.from(String(seconds));
          await store.put(recordOf(id, { updateTime: { seconds, nanos: 0 }, value }));
          acknowledged.set(id, Math.max(seconds, acknowledged.get(id) ?? -1));
        } catch (error) {
          failures.push(error);
          running = false;
        }
        if (next === 5_000) {
          enough.resolve();
        }
      }
    };
    const producers = Promise.all(Array.from({ length: 64 }, producer));
    await enough.promise;
    await places.server.kill();
    await producers;
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(StoreUnavailable);
    }
    await expect(store.health()).rejects.toThrow(StoreUnavailable);
    await expect(store.put(recordOf("down"))).rejects.toThrow(/PostgreSQL failed: connect ECONNREFUSED/);
    await expect(store.get(recordOf("down").key)).rejects.toThrow(StoreUnavailable);

    await places.server.start();
    await untilResolves(() => store.health());
    await untilResolves(() => store.put(recordOf("again")));
    for (const [id, seconds] of acknowledged) {
      const found = await untilResolves(() => store.get(recordOf(id).key));
      expect(Number(found?.toString())).toBeGreaterThanOrEqual(seconds);
    }
  });

  test("a snapshot rejects when its connection is lost, because a new one would be of another moment", async () => {
    const store = await places.open();
    const value = Buffer.alloc(2_000);
    await Promise.all(Array.from({ length: 2_500 }, (_, n) => store.put(recordOf(`user${n}`, { value }))));
    const pages = store.scan({ snapshot: true })[Symbol.asyncIterator]();
    await pages.next();
    await places.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'",
    );
    await expect(pages.next()).rejects.toThrow(StoreUnavailable);
    // No connection is left in a transaction, and the store still works.
    await store.put(recordOf("user"));
    const rest = store.scan({ snapshot: true })[Symbol.asyncIterator]();
    await rest.next();
    await rest.return?.();
    expect(
      await places.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"),
    ).toEqual([{ count: "0" }]);
  });

  test("a put in flight rejects when its connection is cut, and the next one reconnects", async () => {
    const store = await openThroughProxy();
    await store.put(recordOf("user"));
    const blocker = await places.connect();
    await blocker.query("BEGIN; LOCK TABLE record");
    const put = store.put(recordOf("user", { value: Buffer.from("cut") }));
    put.catch(() => undefined);
    while (!(await waitsForLock())) {
      await setImmediate();
    }
    proxy?.cut();
    await expect(put).rejects.toThrow(StoreUnavailable);
    await blocker.query("COMMIT");
    await untilResolves(() => store.put(recordOf("user", { value: Buffer.from("after") })));
    expect((await untilResolves(() => store.get(recordOf("user").key)))?.toString()).toBe("after");

    async function waitsForLock(): Promise<boolean> {
      const { rows } = await blocker.query(
        "SELECT FROM pg_locks WHERE NOT granted AND relation = 'record'::regclass",
      );
      return rows.length > 0;
    }
  });

  test("calls reject after the timeout when the network drops everything, and reconnect later", async () => {
    const store = await openThroughProxy();
    await store.put(recordOf("user"));
    proxy?.drop();
    const outcomes = await Promise.allSettled([
      store.put(recordOf("user")),
      store.get(recordOf("user").key),
      store.health(),
    ]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ reason: expect.any(StoreUnavailable) });
    }
    await expect(store.put(recordOf("user"))).rejects.toThrow(
      `no connection to PostgreSQL within ${soonMs} ms`,
    );
    proxy?.forward();
    await untilResolves(() => store.put(recordOf("user", { value: Buffer.from("after") })));
    expect((await untilResolves(() => store.get(recordOf("user").key)))?.toString()).toBe("after");
  });

  test("a store can be closed while its network drops everything", async () => {
    const store = await openThroughProxy();
    proxy?.drop();
    const put = store.put(recordOf("user"));
    put.catch(() => undefined);
    await store.close();
    await expect(put).rejects.toThrow(StoreUnavailable);
  });

  test("the server cancels a statement that waits too long, and later ones succeed", async () => {
    const store = await places.open({ timeout: soonMs });
    await store.put(recordOf("user"));
    const blocker = await places.connect();
    await blocker.query("BEGIN; SELECT FROM record FOR UPDATE");
    await expect(store.put(recordOf("user"))).rejects.toThrow(
      new StoreUnavailable("PostgreSQL failed: canceling statement due to statement timeout"),
    );
    await blocker.query("COMMIT");
    expect(await store.put(recordOf("user"))).toEqual({ outcome: "stored" });
  });

  test("puts and health checks reject while the server is read-only", async () => {
    const store = await places.open();
    await store.put(recordOf("user"));
    await places.sql("ALTER SYSTEM SET default_transaction_read_only = on");
    await places.sql("SELECT pg_reload_conf()");
    await untilRejects(() => store.health(), /the PostgreSQL server is read-only/);
    await untilRejects(() => store.put(recordOf("user")), /read-only/);
    const admin = await places.connect();
    await admin.query("SET default_transaction_read_only = off");
    await admin.query("ALTER SYSTEM RESET default_transaction_read_only");
    await places.sql("SELECT pg_reload_conf()");
    await untilResolves(() => store.health());
    expect(await untilResolves(() => store.put(recordOf("user")))).toEqual({ outcome: "stored" });
  });

  test("puts and health checks reject while the server is a standby, until it is promoted", async () => {
    const store = await places.open();
    await store.put(recordOf("user"));
    await places.server.kill();
    places.server.write("standby.signal", "");
    await places.server.start();
    await untilRejects(() => store.health(), /the PostgreSQL server is read-only/);
    await untilRejects(() => store.put(recordOf("user")), /the PostgreSQL server is read-only/);
    await places.sql("SELECT pg_promote()");
    await untilResolves(() => store.health());
    expect(await untilResolves(() => store.put(recordOf("user")))).toEqual({ outcome: "stored" });
  });

  test("a store reconnects after the server has closed its connections", async () => {
    const store = await places.open();
    await places.sql(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'mdps'",
    );
    expect(await untilResolves(() => store.put(recordOf("user")))).toEqual({ outcome: "stored" });
    await untilResolves(() => store.health());
  });
});
