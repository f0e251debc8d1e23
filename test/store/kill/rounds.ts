import { setTimeout } from "node:timers/promises";
import type { Instant } from "../../../src/contract/instant.ts";
import type { PlanStore } from "../../../src/store/plan-store.ts";
import { startScript } from "../../support/child-process.ts";
import { killKey, killUsers, killValue } from "./records.ts";

export type KillOptions = {
  /** URL of a module that exports `openStore(place: string): Promise<PlanStore>`; any engine will do. */
  module: URL;
  /** Where the store is, in the words of that module; empty at first. */
  place: string;
  /** How often a process is killed. All work on the same store, one after the other. */
  times: number;
  /** Is told after each kill how many puts had been acknowledged until then, and what is wrong. */
  onRound?: (round: number, acknowledged: number, faults: readonly string[]) => void;
};

/**
 * Starts a process that puts records with 64 producers, kills it with SIGKILL at a random point, opens the store and
 * compares it with what was acknowledged, record by record; and all that again. Returns what is wrong: a record that is
 * missing, older than an acknowledged one, or not as it was put.
 */
export async function killRounds({ module, place, times, onRound }: KillOptions): Promise<string[]> {
  const { openStore } = (await import(module.href)) as { openStore(place: string): Promise<PlanStore> };
  const newest = new Map<number, Instant>();
  const all: string[] = [];
  let acknowledged = 0;
  for (let round = 1; round <= times; round++) {
    const child = startScript(new URL("./load.ts", import.meta.url), [module.href, place, String(round)]);
    await child.wrote(1 + Math.floor(Math.random() * 800));
    // The line that was waited for comes right after a commit; the kill is to come anywhere between two of them.
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
    const faults = await faultsOf(store, newest);
    await store.close();
    onRound?.(round, acknowledged, faults);
    all.push(...faults.map((fault) => `after kill ${round}: ${fault}`));
  }
  if (newest.size === 0) {
    all.push("no put was acknowledged at all");
  }
  return all;
}

async function faultsOf(store: PlanStore, newest: ReadonlyMap<number, Instant>): Promise<string[]> {
  const faults: string[] = [];
  const found = new Map<string, { updateTime: Instant; value: Buffer }>();
  for await (const { records } of store.scan()) {
    for (const { key, updateTime, value } of records) {
      if (found.has(key.id)) {
        faults.push(`${key.id} is there twice`);
      }
      if (!updateTime) {
        faults.push(`${key.id} has lost its update time`);
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
        faults.push(`${key.id} is missing`);
      }
      continue;
    }
    if (acknowledged && isEarlier(record.updateTime, acknowledged)) {
      faults.push(`${key.id} is of ${textOf(record.updateTime)}, acknowledged was ${textOf(acknowledged)}`);
    }
    if (!record.value.equals(killValue(user, record.updateTime))) {
      faults.push(`${key.id} is not as it was put`);
    }
    if (!record.value.equals((await store.get(key)) ?? Buffer.of())) {
      faults.push(`${key.id} is read otherwise`);
    }
  }
  return faults;
}

const isEarlier = (one: Instant, other: Instant) =>
  one.seconds < other.seconds || (one.seconds === other.seconds && one.nanos < other.nanos);

const textOf = ({ seconds, nanos }: Instant) => `${seconds}.${String(nanos).padStart(9, "0")}`;
