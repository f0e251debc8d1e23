import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { StoreOpenError } from "../../../src/store/plan-store.ts";
import { prepareSchema } from "../../../src/store/postgres/schema.ts";
import { pgVersion } from "../../../src/store/postgres/store.ts";
import { recordOf, soonMs, usePostgres } from "./places.ts";
import { superuserPassword, whyNoPostgres } from "./server.ts";

const reason = whyNoPostgres();

describe("the package pg", () => {
  const inNode = (script: string) =>
    execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
      encoding: "utf8",
      cwd: new URL("../../..", import.meta.url).pathname,
    });

  test("opening names the npm command when the package pg is missing, and loads it only then", () => {
    const output = inNode(`
      import { registerHooks } from "node:module";
      registerHooks({ resolve(name, context, next) {
        if (name === "pg") throw new Error("Cannot find package 'pg'");
        return next(name, context);
      } });
      const { openPostgresStore } = await import("./src/store/postgres/store.ts");
      await openPostgresStore({ url: "postgres://127.0.0.1/x" }).catch(({ name, message }) => console.log(name, message));
    `);
    expect(output.trim()).toBe(
      `StoreOpenError the PostgreSQL store requires the package pg: npm install pg@${pgVersion} (Cannot find package 'pg')`,
    );
  });

  test("the message about a missing pg names the version that is tested, and pg is optional", () => {
    const read = (path: string) =>
      JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8"));
    const { devDependencies, peerDependenciesMeta } = read("package.json");
    expect([read("node_modules/pg/package.json").version, devDependencies.pg]).toEqual([
      pgVersion,
      pgVersion,
    ]);
    expect(peerDependenciesMeta.pg).toEqual({ optional: true });
  });
});

describe.skipIf(reason)(`opening PostgreSQL${reason ? ` (skipped: ${reason})` : ""}`, () => {
  const places = usePostgres();

  async function openErrorOf(options: Parameters<typeof places.open>[0]): Promise<string> {
    const error = await places.open(options).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(StoreOpenError);
    const { message, stack } = error as Error;
    for (const secret of [superuserPassword, encodeURIComponent(superuserPassword), "secret"]) {
      expect(`${message} ${stack}`).not.toContain(secret);
    }
    return message;
  }
  const urlWith = (change: (url: URL) => void) => {
    const url = new URL(places.server.url);
    change(url);
    return url.href;
  };

  test("opening rejects when the server is down", async () => {
    const url = "postgres://me:secret@127.0.0.1:1/plans?password=secret";
    expect(await openErrorOf({ url })).toBe(
      "cannot open the store at postgres://me@127.0.0.1:1/plans: connect ECONNREFUSED 127.0.0.1:1; check that the server is running and that the URL is correct",
    );
  });

  test("opening rejects with a wrong password, without quoting it", async () => {
    const url = urlWith((url) => {
      url.password = "top secret";
    });
    expect(await openErrorOf({ url })).toMatch(
      /password authentication failed for user "postgres"; check the user and the password$/,
    );
  });

  test("opening rejects with an invalid URL, without quoting it", async () => {
    expect(await openErrorOf({ url: "postgres://me:sec ret@:bad:port/x" })).toMatch(
      /^cannot open the store at the PostgreSQL URL: /,
    );
  });

  test("opening rejects when the database does not exist", async () => {
    const url = urlWith((url) => {
      url.pathname = "/nowhere";
    });
    expect(await openErrorOf({ url })).toMatch(/database "nowhere" does not exist; create the database$/);
  });

  test("opening rejects, with advice, when the role may not create the schema", async () => {
    await places.sql("CREATE ROLE guest LOGIN PASSWORD 'guest'");
    const url = urlWith((url) => {
      url.username = "guest";
      url.password = "guest";
    });
    expect(await openErrorOf({ url })).toMatch(
      /permission denied for database postgres; make the user the owner of the schema, or let it create one/,
    );
  });

  test("a role that owns the empty schema needs no other right", async () => {
    await places.sql(`
        CREATE ROLE owner LOGIN PASSWORD 'owner';
        CREATE SCHEMA "${places.schema}" AUTHORIZATION owner`);
    const url = urlWith((url) => {
      url.username = "owner";
      url.password = "owner";
    });
    const store = await places.open({ url });
    expect(await store.put(recordOf("user"))).toEqual({ outcome: "stored" });
  });

  test("opening rejects a schema of a newer program", async () => {
    await (await places.open()).close();
    await places.sql("UPDATE store_version SET version = 99");
    expect(await openErrorOf({})).toMatch(
      /has version 99, but this program only supports versions up to 1; run the program that wrote it or a later one, or choose another database$/,
    );
  });

  test("prepareSchema runs only the missing steps of an older schema", async () => {
    const [client, steps] = [await places.connect(), ["CREATE TABLE one ()", "CREATE TABLE two ()"]];
    await prepareSchema(client, places.schema, steps.slice(0, 1));
    expect(await places.sql("SELECT version, to_regclass('two') AS two FROM store_version")).toEqual([
      { version: 1, two: null },
    ]);
    await prepareSchema(client, places.schema, steps);
    await prepareSchema(client, places.schema, steps);
    expect(await places.sql("SELECT version, to_regclass('two') AS two FROM store_version")).toEqual([
      { version: 2, two: "two" },
    ]);
    const failing = prepareSchema(client, places.schema, [...steps, "CREATE TABLE three ()", "nonsense"]);
    await expect(failing).rejects.toThrow("syntax error");
    expect(await places.sql("SELECT version, to_regclass('three') AS three FROM store_version")).toEqual([
      { version: 2, three: null },
    ]);
  });

  test("several servers that migrate a schema concurrently run each step once", async () => {
    const steps = ["CREATE TABLE one ()", "CREATE TABLE two ()", "ALTER TABLE two ADD COLUMN note text"];
    await prepareSchema(await places.connect(), places.schema, steps.slice(0, 1));
    const clients = await Promise.all([1, 2, 3, 4].map(() => places.connect()));
    await Promise.all(clients.map((client) => prepareSchema(client, places.schema, steps)));
    expect(await places.sql("SELECT version FROM store_version")).toEqual([{ version: 3 }]);
    // Servers of the earlier version cannot open it any more; their open stores still work.
    const older = prepareSchema(await places.connect(), places.schema, steps.slice(0, 1));
    await expect(older).rejects.toThrow(/has version 3, but this program only supports versions up to 1/);
  });

  test("opening waits while another server changes the tables, up to the timeout", async () => {
    const other = await places.connect();
    await other.query("BEGIN");
    await other.query("SELECT pg_advisory_xact_lock(1296322643, hashtext($1))", [places.schema]);
    expect(await openErrorOf({ timeout: soonMs })).toMatch(
      /another server may be changing the tables; try again/,
    );
    const opening = places.open();
    while ((await other.query("SELECT FROM pg_locks WHERE NOT granted")).rows.length === 0) {
      await setImmediate();
    }
    await other.query("COMMIT");
    await (await opening).health();
  });

  test("opening rejects a schema of another application and does not change it", async () => {
    await places.sql(`CREATE SCHEMA "${places.schema}"; CREATE TABLE "${places.schema}".record (a int)`);
    expect(await openErrorOf({})).toMatch(/has tables of another application; choose another database$/);
    expect(await places.sql("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()")).toEqual([
      { count: "1" },
    ]);
  });

  test("opening rejects a server that accepts no writes", async () => {
    await places.sql("CREATE ROLE reader LOGIN PASSWORD 'reader'");
    await places.sql("ALTER ROLE reader SET default_transaction_read_only = on");
    const url = urlWith((url) => {
      url.username = "reader";
      url.password = "reader";
    });
    expect(await openErrorOf({ url })).toMatch(
      /: the PostgreSQL server is read-only: it is a standby, or configured so; connect to the primary$/,
    );
  });

  test("opening rejects a server that does not wait for its disk", async () => {
    await places.sql("ALTER SYSTEM SET fsync = off");
    await places.sql("SELECT pg_reload_conf()");
    const admin = await places.connect();
    while ((await admin.query("SHOW fsync")).rows[0].fsync === "on") {
      await setImmediate();
    }
    expect(await openErrorOf({})).toMatch(/the server has fsync = off, .*; set fsync = on$/);
    await places.sql("ALTER SYSTEM RESET fsync");
    await places.sql("SELECT pg_reload_conf()");
    while ((await admin.query("SHOW fsync")).rows[0].fsync === "off") {
      await setImmediate();
    }
  });

  test("opening rejects after the timeout when the server accepts the connection and never answers", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    const { port } = await new Promise<{ port: number }>((resolve) => {
      silent.once("listening", () => resolve(silent.address() as { port: number }));
    });
    const url = `postgres://me:secret@127.0.0.1:${port}/x`;
    expect(await openErrorOf({ url, timeout: 100 })).toMatch(/no connection to PostgreSQL within 100 ms/);
    silent.close();
  });

  test.skipIf(spawnSync("openssl", ["version"]).status !== 0)(
    "the certificate of the server is verified unless the URL disables it",
    async () => {
      const [certificate, key] = makeCertificate();
      places.server.write("server.crt", certificate);
      places.server.write("server.key", key);
      places.server.write("pg_hba.conf", "hostssl all all 127.0.0.1/32 scram-sha-256");
      await places.sql("ALTER SYSTEM SET ssl = on");
      await places.sql("SELECT pg_reload_conf()");
      const { url } = places.server;
      // Retried, because the server applies its new settings with a delay.
      await expect.poll(() => openErrorOf({}).catch(() => ""), { interval: 1 }).toMatch(/no encryption/);
      expect(await openErrorOf({ url: `${url}?sslmode=verify-full` })).toMatch(/self-signed certificate/);
      const root = join(mkdtempSync(join(tmpdir(), "certificate-")), "root.crt");
      writeFileSync(root, certificate);
      for (const parameters of [`sslmode=verify-full&sslrootcert=${root}`, "sslmode=no-verify"]) {
        const store = await places.open({ url: `${url}?${parameters}` });
        await store.put(recordOf("user"));
        await store.health();
      }
      rmSync(dirname(root), { recursive: true });
    },
  );
});

/** Returns a self-signed certificate of 127.0.0.1, and its key. */
function makeCertificate(): [certificate: string, key: string] {
  const directory = mkdtempSync(join(tmpdir(), "certificate-"));
  const [certificate, key] = [join(directory, "crt"), join(directory, "key")];
  try {
    const options =
      "req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2 -subj /CN=127.0.0.1";
    const names = ["-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key];
    execFileSync("openssl", [...options.split(" "), ...names], { stdio: "pipe" });
    return [readFileSync(certificate, "utf8"), readFileSync(key, "utf8")];
  } finally {
    rmSync(directory, { recursive: true });
  }
}
