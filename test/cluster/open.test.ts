import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { initCqlKeyspace } from "../../src/store/cql/schema.ts";
import { openCqlStore } from "../../src/store/cql/store.ts";
import {
  type PlanStore,
  type PutRecord,
  type RecordPage,
  StoreOpenError,
} from "../../src/store/plan-store.ts";
import { removeRecord } from "../../src/store/remove-record.ts";
import { createTestClock } from "../support/test-clock.ts";
import { dc } from "./cassandra.ts";
import { cluster, missing } from "./provided.ts";

const record = (id: string, more: Partial<PutRecord> = {}): PutRecord => ({
  key: { kind: "planStatus", asn: 64_500, clientId: "client", id },
  updateTime: undefined,
  expiresAtMs: undefined,
  value: Buffer.from(`of ${id}`),
  ...more,
});

describe.skipIf(missing)(`CQL${missing && ` (skipped: ${missing})`}`, () => {
  const stores: PlanStore[] = [];
  beforeAll(() => initCqlKeyspace({ url: cluster.url("opened") }));
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });
  async function open(url: string, options = {}): Promise<PlanStore> {
    const store = await openCqlStore({ url, ...options });
    stores.push(store);
    return store;
  }
  async function run(statement: string): Promise<void> {
    const client = await cluster.connect();
    await client.execute(statement).finally(() => client.shutdown());
  }

  describe("opening", () => {
    const rejects = async (url: string, why: RegExp) => {
      const error = await openCqlStore({ url, nodeTimeout: 1_000 }).catch((error) => error);
      expect(error).toBeInstanceOf(StoreOpenError);
      expect(error.message).toMatch(why);
      expect(error.message).not.toContain("secret");
    };

    test("opening rejects when the cluster is down", () =>
      rejects(
        "cql://user:secret@127.0.0.1,127.0.0.2:1/plans?dc=dc1",
        /at 127\.0\.0\.1:1, 127\.0\.0\.2:1: .*ECONNREFUSED.*up, then try again/,
      ));
    test("opening rejects for a host that cannot be resolved", () =>
      rejects("cql://no.such.host.invalid/plans?dc=dc1", /no\.such\.host\.invalid.*try again/));
    test("opening rejects when user name and password are wrong or missing", async () => {
      await rejects(cluster.url("opened", "", "mdps:secret"), /rejects the user name and password/);
      await rejects(cluster.url("opened").replace(/\/\/.*@/, "//"), /rejects the user name and password/);
    });
    test("opening with an unknown data centre rejects and lists the known ones", () =>
      rejects(
        cluster.url("opened").replace(dc, "mars"),
        /no data centre "mars": set dc= to one of datacenter1/,
      ));
    test("opening a keyspace without tables rejects and names mdps store init", async () => {
      await rejects(cluster.url("nobody_made_it"), /"nobody_made_it".*mdps store init/);
      await run(
        `CREATE KEYSPACE IF NOT EXISTS bare WITH replication = {'class': 'NetworkTopologyStrategy', '${dc}': 3}`,
      );
      await rejects(cluster.url("bare"), /"bare".*mdps store init/);
    });
    test("opening rejects tables of a newer version", async () => {
      await run("UPDATE opened.store_schema SET version = 2 WHERE name = 'record'");
      const url = cluster.url("opened");
      await rejects(
        url,
        /tables of version 2.*only supports versions up to 1; run the program that wrote it or a later one/,
      );
      await expect(initCqlKeyspace({ url })).rejects.toThrow(/run the program that wrote it or a later one/);
      await run("UPDATE opened.store_schema SET version = 1 WHERE name = 'record'");
    });
    test("opening rejects tables of an older version and names mdps store init, which migrates them", async () => {
      await run("UPDATE opened.store_schema SET version = 0 WHERE name = 'record'");
      const url = cluster.url("opened");
      await rejects(url, /tables of version 0, and this program requires 1: .*mdps store init/);
      await initCqlKeyspace({ url });
      await open(url);
    });
    test("concurrent initializations migrate a keyspace once, step by step", async () => {
      const url = cluster.url("stepped");
      const table = (name: string) => `CREATE TABLE IF NOT EXISTS ${name} (id int PRIMARY KEY)`;
      const steps = [[table("one")], [table("two"), "ALTER TABLE two ADD IF NOT EXISTS note text"]];
      await initCqlKeyspace({ url }, steps.slice(0, 1));
      await Promise.all([1, 2, 3].map(() => initCqlKeyspace({ url }, steps)));
      const client = await cluster.connect();
      try {
        const rows = async (statement: string) => (await client.execute(statement)).rows;
        expect(await rows("SELECT name, version FROM stepped.store_schema")).toMatchObject([
          { name: "record", version: 2 },
        ]);
        expect(await rows("SELECT id, note FROM stepped.two")).toEqual([]);
        // A step that fails changes no version, and releases the lock.
        await expect(initCqlKeyspace({ url }, [...steps, ["nonsense"]])).rejects.toThrow(StoreOpenError);
        expect(await rows("SELECT name, version FROM stepped.store_schema")).toMatchObject([
          { name: "record", version: 2 },
        ]);
        await expect(initCqlKeyspace({ url }, steps.slice(0, 1))).rejects.toThrow(
          /only supports versions up to 1/,
        );
      } finally {
        await client.shutdown();
      }
    });
    test("initializing a keyspace again preserves its records", async () => {
      const url = cluster.url("opened");
      await (await open(url)).put(record("kept"));
      await initCqlKeyspace({ url });
      expect(await (await open(url)).get(record("kept").key)).toEqual(Buffer.from("of kept"));
    });
    test("opening names the npm command when the driver is missing", () => {
      const script = `
        import { registerHooks } from "node:module";
        registerHooks({ resolve(name, context, next) {
          if (name === "cassandra-driver") throw Object.assign(new Error(name), { code: "ERR_MODULE_NOT_FOUND" });
          return next(name, context);
        } });
        const { openCqlStore } = await import("./src/store/cql/store.ts");
        await openCqlStore({ url: "cql://node1/plans?dc=dc1" }).catch((error) => console.log(error.name, error.message));`;
      const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
        encoding: "utf8",
      });
      expect(output).toMatch(/^StoreOpenError .*npm install cassandra-driver@\d+\.\d+\.\d+\n$/);
    });
  });

  describe("over TLS", () => {
    const ca = () => encodeURIComponent(join(cluster.place.directory, "ca.pem"));

    test("a store uses TLS with the authority of the URL", async () => {
      const store = await open(cluster.url("opened", `&tls=true&ca=${ca()}`));
      await store.put(record("tls"));
      expect(await store.get(record("tls").key)).toEqual(Buffer.from("of tls"));
    });
    test("opening rejects a certificate of an unknown authority", async () => {
      const url = cluster.url("opened", "&tls=true");
      await expect(openCqlStore({ url })).rejects.toThrow(/certificate.*tls=/);
    });
    test("opening names a certificate file that cannot be read", async () => {
      const url = cluster.url("opened", "&tls=true&ca=%2Fno%2Fsuch.pem");
      await expect(openCqlStore({ url })).rejects.toThrow(/\/no\/such\.pem for TLS/);
    });
  });

  describe("limits of Cassandra", () => {
    test("a cell whose TTL has passed does not hide later puts, however old their update time or the store's clock is", async () => {
      const url = cluster.url("opened");
      const clock = createTestClock();
      clock.set(Date.UTC(2020, 0, 1));
      const at = (ms: number) => ({ seconds: Math.floor(ms / 1000), nanos: 0 });
      const store = await open(url, { clock });
      // The cell of a record that has expired, and whose TTL, two days later, has passed.
      const ended = (Date.now() - 2 * 86_400_000) * 1000;
      await run(`INSERT INTO opened.record (asn, kind, client_id, id, entry)
        VALUES (64500, 1, 0x636c69656e74, 0x676f6e65, 0x00) USING TIMESTAMP ${ended} AND TTL 1`);
      // A node hides it by its own clock, which may be 8 s behind that of the node that wrote it.
      await pause(10_000);
      const { key } = record("gone");
      expect(await store.get(key)).toBeUndefined();
      await store.put(record("gone", { updateTime: at(clock.now() - 30 * 86_400_000) }));
      expect(await store.get(key)).toEqual(Buffer.from("of gone"));
    });

    test("with keepExpired records have no TTL, except removed ones, so that expired ones are back with the clock", async () => {
      const clock = createTestClock();
      const store = await open(cluster.url("opened"), { clock, keepExpired: true });
      const { key, value } = record("kept");
      const hour = 3_600_000;
      await store.put(record("kept", { expiresAtMs: clock.now() + hour }));
      await store.put(record("removed"));
      await removeRecord(store, record("removed").key);
      const client = await cluster.connect();
      const { rows } = await client
        .execute(
          "SELECT id, ttl(entry) AS ttl, writetime(entry) AS written FROM opened.record WHERE id IN ? ALLOW FILTERING",
          [["kept", "removed"].map((id) => Buffer.from(id))],
          { prepare: true },
        )
        .finally(() => client.shutdown());
      const found = new Map(
        rows.map(({ id, ttl, written }) => [id.toString(), { ttl, ms: Number(written) / 1000 }]),
      );
      expect(found.get("kept")?.ttl).toBeNull();
      expect(found.get("removed")?.ttl).toBeGreaterThan(0);
      // By the clock of the machine, from which that of the store is far away.
      expect(Math.abs((found.get("kept")?.ms ?? 0) - Date.now())).toBeLessThanOrEqual(25 * hour);
      clock.set(clock.now() + 365 * 24 * hour);
      expect(await store.get(key)).toBeUndefined();
      clock.set(clock.now() - 365 * 24 * hour);
      expect(await store.get(key)).toEqual(value);
    });

    test("a record may expire later than Cassandra supports", async () => {
      const store = await open(cluster.url("opened"));
      // Each side of the last day, then each side of twenty years.
      for (const day of ["2038-01-13", "2038-01-20", "2040-01-01", "9999-12-31"]) {
        const late = record(day, { expiresAtMs: Date.parse(day) });
        await store.put(late);
        expect(await store.get(late.key)).toEqual(late.value);
      }
    });

    test("records of up to 8 MiB and ids of up to 65,000 bytes are accepted, and larger ones reject with RangeError", async () => {
      const store = await open(cluster.url("opened"));
      const large = record("large", {
        value: new Uint8Array(8 * 1024 * 1024 - "clientlarge".length).fill(7),
      });
      await store.put(large);
      expect((await store.get(large.key))?.length).toBe(large.value.length);
      const larger = { ...large, value: new Uint8Array(large.value.length + 1) };
      await expect(store.put(larger)).rejects.toThrow(RangeError);
      const long = record("字".repeat(21_664));
      await store.put(long);
      expect(await store.get(long.key)).toEqual(long.value);
      await expect(store.put(record("字".repeat(21_665)))).rejects.toThrow(RangeError);
    });

    test("a scan continues in another store with the cursor of the first one", async () => {
      const url = cluster.url("scanned");
      await initCqlKeyspace({ url });
      const store = await open(url);
      const ids = Array.from({ length: 3_000 }, (_, index) => `user${index}`);
      // All at once they may wait longer than a store permits.
      for (let first = 0; first < ids.length; first += 300) {
        await Promise.all(ids.slice(first, first + 300).map((id) => store.put(record(id))));
      }
      const found: string[] = [];
      const collect = (page: RecordPage) => {
        for (const { key } of page.records) {
          found.push(key.id);
        }
        return page.cursor;
      };
      let cursor: string | undefined;
      for await (const page of store.scan()) {
        cursor = collect(page);
        if (found.length > 100) {
          break;
        }
      }
      expect(found.length).toBeLessThan(3_000);
      for await (const page of (await open(url)).scan({ after: cursor })) {
        collect(page);
      }
      expect(found.toSorted()).toEqual(ids.toSorted());
      await expect(store.scan({ after: "elsewhere" })[Symbol.asyncIterator]().next()).rejects.toThrow(
        RangeError,
      );
    });

    test("health resolves while the store is open and rejects once it is closed", async () => {
      const store = await open(cluster.url("opened"));
      await store.health();
      await store.close();
      await expect(store.health()).rejects.toThrow("the store is closed");
    });
  });
});
