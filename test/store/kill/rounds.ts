import { setTimeout } from "node:timers/promises";
import type { Instant } from "../../../src/contract/instant.ts";
import type { PlanStore } from "../../../src/store/plan-store.ts";
import { startScript } from "../../support/child-process.ts";
import { killKey, killUsers, killValue } from "./records.ts";

export type KillOptions = {
  /** URL of a module that exports `openStore(place: string): Promise<PlanStore>`; any engine will do. */
  module: URL;
  /** The place of the store, as an argument for that module; empty at first. */
  place: string;
  /** Number of processes that are killed, one after the other. All use the same store. */
  times: number;
  /** Called after each kill with the number of puts acknowledged so far, and the problems found. */
  onRound?: (round: number, acknowledged: number, problems: readonly string[]) => void;
};

/**
 * Repeatedly starts a process that puts records with 64 producers, kills it with SIGKILL at a random moment, opens the
 * store and compares each record with the acknowledged puts. Returns the problems: a record that is missing, older than
 * an acknowledged one, or different from what was put.
 */
export async function killRounds({ module, place, times, onRound }: KillOptions): Promise<string[]> {
  const { openStore } = (await import(module.href)) as { openStore(place: string): Promise<PlanStore> };
  const newest = new Map<number, Instant>();
  const all: string[] = [];
  let acknowledged = 0;
  for (let round = 1; round <= times; round++) {
    const child = startScript(new URL("./load.ts", import.meta.url), [module.href, place, String(round)]);
    await child.wrote(1 + Math.floor(Math.random() * 800));
    // The awaited line is written right after a commit; the kill should occur anywhere between two commits.
    await setTimeout(Math.random() * 20);
    for (const line of await child.kill()) {
      const [user = 0, nanos = 0] = line.split(" ").map(Number);
      const updateTime = { seconds: round, nanos };
      const before = newest.get(user);
      if (!before || isEarlier(before, updateTime)) {
        newest.set(user, updateTime);
      }
      acknowledged++;
    }
    const store = await openStore(place);
    const problems = await problemsOf(store, newest);
    await store.close();
    onRound?.(round, acknowledged, problems);
    all.push(...problems.map((problem) => `after kill ${round}: ${problem}`));
  }
  if (newest.size === 0) {
    all.push("no put was acknowledged at all");
  }
  return all;
}

async function problemsOf(store: PlanStore, newest: ReadonlyMap<number, Instant>): Promise<string[]> {
  const problems: string[] = [];
  const found = new Map<string, { updateTime: Instant; value: Buffer }>();
  for await (const { records } of store.scan()) {
    for (const { key, updateTime, value } of records) {
      if (found.has(key.id)) {
        problems.push(`${key.id} was returned twice`);
      }
      if (!updateTime) {
        problems.push(`${key.id} has lost its update time`);
      } else {
        found.set(key.id, { updateTime, value: Buffer.from(value) });
      }
    }
  }
  for (let user = 0; user < killUsers; user++) {
    const key = killKey(user);
    const record = found.get(key.id);
    const acknowledged = newest.get(user);
    if (!record) {
      if (acknowledged) {
        problems.push(`${key.id} is missing`);
      }
      continue;
    }
    if (acknowledged && isEarlier(record.updateTime, acknowledged)) {
      problems.push(
        `${key.id} has the update time ${textOf(record.updateTime)}; acknowledged was ${textOf(acknowledged)}`,
      );
    }
    if (!record.value.equals(killValue(user, record.updateTime))) {
      problems.push(`${key.id} differs from what was put`);
    }
    if (!record.value.equals((await store.get(key)) ?? Buffer.of())) {
      problems.push(`${key.id} differs between get and scan`);
    }
  }
  return problems;
}

const isEarlier = (one: Instant, other: Instant) =>
  one.seconds < other.seconds || (one.seconds === other.seconds && one.nanos < other.nanos);

const textOf = ({ seconds, nanos }: Instant) => `${seconds}.${String(nanos).padStart(9, "0")}`;
