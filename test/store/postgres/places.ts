import { setImmediate } from "node:timers/promises";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { type PlanStore, type PutRecord, StoreUnavailable } from "../../../src/store/plan-store.ts";
import { openPostgresStore, type PostgresStoreOptions } from "../../../src/store/postgres/store.ts";
import { type PostgresServer, startPostgresServer } from "./server.ts";

/** A timeout that tests wait for: longer than a busy machine takes to connect. */
export const soonMs = 2_000;

/** A server for the tests of a file, and a separate schema for each test. */
export type PostgresPlaces = {
  readonly server: PostgresServer;
  /** The test's schema, which does not exist yet. */
  readonly schema: string;
  /** Opens a store of the test's schema, which is closed after the test. */
  open(options?: Partial<PostgresStoreOptions>): Promise<PlanStore>;
  /** Runs SQL in the test's schema as the superuser, and returns the rows. */
  sql(text: string): Promise<Record<string, string>[]>;
  /** Connects as the superuser, until the test ends. */
  connect(): Promise<pg.Client>;
};

/** Starts a server before the tests of this file and stops it after them. Its members are for tests to use. */
export function usePostgres(): PostgresPlaces {
  let server: PostgresServer;
  let schema: string;
  let schemas = 0;
  let stores: PlanStore[] = [];
  let clients: pg.Client[] = [];

  beforeAll(async () => {
    server = await startPostgresServer();
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end()));
    await server?.remove();
  });
  beforeEach(() => {
    schema = `place ${++schemas}`;
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await Promise.all(clients.map((client) => client.end()));
    stores = [];
    clients = [];
  });

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: server.url });
    client.on("error", () => undefined);
    await client.connect();
    await client.query(`SET search_path = "${schema}"`);
    clients.push(client);
    return client;
  }

  return {
    get server() {
      return server;
    },
    get schema() {
      return schema;
    },
    connect,
    async open(options) {
      const store = await openPostgresStore({ url: server.url, schema, ...options });
      stores.push(store);
      return store;
    },
    async sql(text) {
      return (await (await connect()).query(text)).rows;
    },
  };
}

/** Returns records of `count` users. */
export function records(count: number): PutRecord[] {
  return Array.from({ length: count }, (_, index) => recordOf(`user${index}`));
}

/** Returns the record of a user, with some properties replaced. */
export function recordOf(id: string, part: Partial<PutRecord> = {}): PutRecord {
  return {
    key: { kind: "planStatus", asn: 64_500, clientId: "", id },
    updateTime: undefined,
    expiresAtMs: undefined,
    value: Buffer.from(`of ${id}`),
    ...part,
  };
}

/** Calls until the call resolves. Until then it may only reject with StoreUnavailable. */
export async function untilResolves<Result>(call: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      expect(error).toBeInstanceOf(StoreUnavailable);
      await setImmediate();
    }
  }
}

/** Calls until the call rejects with a message. */
export async function untilRejects(call: () => Promise<unknown>, message: RegExp): Promise<void> {
  for (;;) {
    const error = await call().then(
      () => undefined,
      (error: unknown) => error,
    );
    if (error instanceof Error && message.test(error.message)) {
      return;
    }
    await setImmediate();
  }
}
