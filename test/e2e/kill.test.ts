import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { killRounds } from "../store/kill/rounds.ts";
import { startPostgresServer, whyNoPostgres } from "../store/postgres/server.ts";

// The long form: node test/store/kill/main.ts --times 100
test("SQLite has every acknowledged record, or a newer one, after repeated kills of the process", {
  timeout: 120_000,
}, async () => {
  const place = await mkdtemp(join(tmpdir(), "plan-store-"));
  expect(
    await killRounds({ module: new URL("../store/kill/sqlite.ts", import.meta.url), place, times: 8 }),
  ).toEqual([]);
  await rm(place, { recursive: true });
});

const whyNot = whyNoPostgres();
test.skipIf(whyNot)(
  `PostgreSQL has every acknowledged record, or a newer one, after repeated kills of the server process${whyNot === undefined ? "" : ` (skipped: ${whyNot})`}`,
  { timeout: 120_000 },
  async () => {
    const postgres = await startPostgresServer();
    try {
      const module = new URL("../store/kill/postgres.ts", import.meta.url);
      expect(await killRounds({ module, place: postgres.url, times: 4 })).toEqual([]);
    } finally {
      await postgres.remove();
    }
  },
);
