import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createReplayGuard } from "../../src/auth/replay-guard.ts";
import { DirectoryChangedError } from "../../src/contract/watched-directory.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { day, hour, minute, second } from "../support/plan-statuses.ts";
import { createTestClock, testTime } from "../support/test-clock.ts";

async function setUp() {
  const directory = await dataDirectory();
  const clock = createTestClock();
  // The files are as old by the clock of the machine as by that of the guard.
  const machine = { now: () => Date.now() + clock.now() - testTime };
  const guard = createReplayGuard(directory, clock, machine);
  const files = () => readdir(join(directory, "used-assertions"));
  return { directory, clock, guard, files };
}

describe("the replay guard", () => {
  it("accepts a jti once for each account", async () => {
    const { guard, files } = await setUp();
    expect(await guard.isFirst("a@x", "1")).toBe(true);
    expect(await guard.isFirst("a@x", "1")).toBe(false);
    expect(await guard.isFirst("b@x", "1")).toBe(true);
    expect(await guard.isFirst("a@x", "2")).toBe(true);
    expect(await files()).toHaveLength(3);
  });

  it("distinguishes pairs of account and jti whose texts join to the same text", async () => {
    const { guard } = await setUp();
    expect(await guard.isFirst("a", "bc")).toBe(true);
    expect(await guard.isFirst("ab", "c")).toBe(true);
  });

  it("accepts a jti once across guards of the same data directory", async () => {
    const { directory, clock, guard } = await setUp();
    const other = createReplayGuard(directory, clock);
    const answers = await Promise.all([guard, other, guard, other].map((each) => each.isFirst("a@x", "1")));
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await createReplayGuard(directory, clock).isFirst("a@x", "1")).toBe(false);
  });

  it("removes assertions after two hours and rejects younger ones", async () => {
    const { clock, guard, files } = await setUp();
    await guard.isFirst("a@x", "old");
    clock.set(testTime + minute);
    await guard.isFirst("a@x", "young");
    clock.set(testTime + 2 * hour);
    expect(await guard.isFirst("a@x", "old")).toBe(false);
    expect(await files()).toHaveLength(2);
    // The next cleanup is due a minute after the last one.
    clock.set(testTime + 2 * hour + minute);
    expect(await guard.isFirst("a@x", "young")).toBe(false);
    expect(await files()).toHaveLength(1);
    expect(await guard.isFirst("a@x", "old")).toBe(true);
  });

  it("removes old assertions at most once a minute", async () => {
    const { clock, guard, files } = await setUp();
    await guard.isFirst("a@x", "1");
    clock.set(testTime + second);
    await guard.isFirst("a@x", "2");
    clock.set(testTime + 2 * hour + second / 2);
    await guard.isFirst("a@x", "3");
    clock.set(testTime + 2 * hour + 2 * second);
    await guard.isFirst("a@x", "4");
    expect(await files()).toHaveLength(3);
    clock.set(testTime + 2 * hour + 2 * minute);
    await guard.isFirst("a@x", "5");
    expect(await files()).toHaveLength(3);
  });

  it.each([
    ["forward", 10],
    ["back", -10],
  ])("rejects an assertion again after the clock was moved %s by years, and back again", async (_, years) => {
    const directory = await dataDirectory();
    const clock = createTestClock();
    const guard = createReplayGuard(directory, clock);
    await guard.isFirst("a@x", "1");
    clock.set(testTime + years * 365 * day);
    expect(await guard.isFirst("a@x", "2")).toBe(true);
    clock.set(testTime);
    expect(await guard.isFirst("a@x", "1")).toBe(false);
    expect(await guard.isFirst("a@x", "2")).toBe(false);
  });

  it("removes old assertions after the clock was set back", async () => {
    const directory = await dataDirectory();
    const clock = createTestClock();
    const later = { now: () => Date.now() + 3 * hour };
    clock.set(testTime + 3_650 * day);
    const guard = createReplayGuard(directory, clock, later);
    await guard.isFirst("a@x", "future");
    clock.set(testTime);
    await guard.isFirst("a@x", "old");
    clock.set(testTime + 3 * hour);
    expect(await guard.isFirst("a@x", "new")).toBe(true);
    expect(await readdir(join(directory, "used-assertions"))).toHaveLength(2);
  });

  it("accepts nothing after its folder was removed, also an assertion that no guard has seen", async () => {
    const { directory, clock, guard } = await setUp();
    // Has not been asked before.
    const other = createReplayGuard(directory, clock);
    await guard.isFirst("a@x", "1");
    await rm(join(directory, "used-assertions"), { recursive: true });
    for (const each of [guard, other, guard]) {
      await expect(each.isFirst("a@x", "1")).rejects.toThrow(DirectoryChangedError);
      await expect(each.isFirst("a@x", "2")).rejects.toThrow(/used-assertions was removed while the server/);
    }
  });

  it("accepts nothing after its folder was replaced, until the folder is back", async () => {
    const { directory, guard } = await setUp();
    const folder = join(directory, "used-assertions");
    await guard.isFirst("a@x", "1");
    await rename(folder, join(directory, "away"));
    await mkdir(folder);
    await expect(guard.isFirst("a@x", "1")).rejects.toThrow(/used-assertions was replaced while the server/);
    await rm(folder, { recursive: true });
    await rename(join(directory, "away"), folder);
    expect(await guard.isFirst("a@x", "1")).toBe(false);
    expect(await guard.isFirst("a@x", "2")).toBe(true);
  });

  it("accepts nothing after the data directory was replaced", async () => {
    const { directory, guard } = await setUp();
    await guard.isFirst("a@x", "1");
    await rm(directory, { recursive: true });
    await mkdir(join(directory, "used-assertions"), { recursive: true });
    await expect(guard.isFirst("a@x", "1")).rejects.toThrow(DirectoryChangedError);
  });
});
