import type { PlanStore } from "../../../src/store/plan-store.ts";
import { say } from "../../support/say.ts";
import { killKey, killUsers, killValue } from "./records.ts";

// `node load.ts <module> <place> <round>` puts records as fast as possible until it is killed, and writes a line for each
// put that has resolved: the number of the user, and the nanoseconds of the update time. Its seconds are the round.
const [module = "", place = "", round = ""] = process.argv.slice(2);
const { openStore } = (await import(module)) as { openStore(place: string): Promise<PlanStore> };
const store = await openStore(place);
let nanos = 0;

async function producer(): Promise<void> {
  for (;;) {
    const user = Math.floor(Math.random() * killUsers);
    const updateTime = { seconds: Number(round), nanos: nanos++ };
    const value = killValue(user, updateTime);
    const { outcome } = await store.put({ key: killKey(user), updateTime, expiresAtMs: undefined, value });
    if (outcome === "stored") {
      say(`${user} ${updateTime.nanos}`);
    }
  }
}

await Promise.all(Array.from({ length: 64 }, producer));
