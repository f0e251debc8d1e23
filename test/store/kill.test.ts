import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { killRounds } from "./kill-rounds.ts";

// The long form: npm run test:kill -- --times 100
test("SQLite: what was acknowledged is there, or something newer, however often the process is killed", {
  timeout: 120_000,
}, async () => {
  const place = await mkdtemp(join(tmpdir(), "plan-store-"));
  expect(await killRounds({ module: new URL("./kill-sqlite.ts", import.meta.url), place, times: 8 })).toEqual(
    [],
  );
  await rm(place, { recursive: true });
});
