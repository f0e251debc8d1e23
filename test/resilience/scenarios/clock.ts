import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { makeToken } from "../../../src/cli/make-token.ts";
import type { PlanSharingClient } from "../../../src/client/client.ts";
import { readError } from "../../../src/client/read-error.ts";
import { day, hour } from "../../support/plan-statuses.ts";
import { clientOf, send } from "../clients/load.ts";
import { createLedger, type Ledger } from "../ledger.ts";
import { readBack, readExport } from "../read-back.ts";
import { isReady } from "../readiness.ts";
import { createFindings, type Row, type ScenarioContext } from "../scenario.ts";

const users = 300;

/** The machine's clock jumps a day forward and back, an hour back and forward. */
export async function clock(context: ScenarioContext): Promise<Row> {
  const { faults, check } = createFindings();
  const file = join(await context.directory(), "shift");
  /** Sets the server's clock off by so much, and waits until it and its sweep have had a second with it. */
  const jump = async (shiftMs: number) => {
    // Renamed, for the server may read it at any moment.
    writeFileSync(`${file}.new`, String(shiftMs));
    renameSync(`${file}.new`, file);
    await setTimeout(3_000);
  };
  await jump(0);
  const preload = new URL("../shifted-date.ts", import.meta.url).href;
  const env = { MDPS_TEST_CLOCK: file, NODE_OPTIONS: `--import ${preload}` };
  const server = await context.serve({ data: await context.directory(), env });
  const { url } = server;
  const week = await makeToken(server.data, 65001, false, (7 * day) / 1000);
  const read = await makeToken(server.data, 65001, true, (7 * day) / 1000);
  const reader = clientOf({ url, tokens: { push: week, read } }, { reads: true });
  const pusher = clientOf({ url, tokens: { push: week, read } });
  // Of a day less, so that it ends with the jump.
  const short = clientOf({ url, tokens: { push: await makeToken(server.data, 65001, false, 3_600), read } });

  const lasting = createLedger();
  const brief = createLedger();
  await pushAll(pusher, lasting, "lasting", 10 * day);
  await pushAll(pusher, brief, "brief", hour);
  const lastingKeys = lasting.userKeys();
  const readLasting = async (moment: string) => {
    const found = await readBack(reader, lastingKeys);
    faults.push(...lasting.compare(found).map((fault) => `${moment}: ${fault}`));
  };

  await jump(day);
  await readLasting("a day ahead");
  const expired = (await readBack(reader, brief.userKeys())).size;
  check(expired === 0, `a day ahead: ${expired} statuses of an hour are still shown`);
  const lateToken = await outcomeOf(short, lasting.next("lasting 0"), 10 * day);
  check(lateToken === "UNAUTHENTICATED", `a day ahead: a token of an hour is ${lateToken}`);
  await orderHolds("a day ahead", day);
  // What is pushed by the clock of that day stays, and stays the newest, when the clock is right again.
  const ahead = createLedger(() => Date.now() + day);
  await pushAll(pusher, ahead, "ahead", 10 * day);

  await jump(0);
  await readLasting("back again");
  faults.push(
    ...ahead.compare(await readBack(reader, ahead.userKeys())).map((fault) => `back again: ${fault}`),
  );
  const rightTime = await outcomeOf(pusher, createLedger().next("ahead 0"), 10 * day);
  const lost = users - (await readBack(reader, brief.userKeys())).size;
  const goodToken = await outcomeOf(short, lasting.next("lasting 0"), 10 * day);
  check(goodToken === "acknowledged", `back again: a token of an hour is ${goodToken}`);
  await orderHolds("back again", 0);

  await jump(-hour);
  await readLasting("an hour behind");
  const early = await outcomeOf(pusher, createLedger().next("early"), 10 * day);
  check(
    early === "INVALID_ARGUMENT",
    `an hour behind: an update of now is ${early}, as if it were not ahead`,
  );
  await orderHolds("an hour behind", -hour);

  await jump(0);
  await readLasting("right again");
  await orderHolds("right again", 0);
  check(server.isRunning() && (await isReady(server)), "the server is not ready at the end");
  const all = await readExport(server.data);
  const kept = new Map([...all].filter(([userKey]) => userKey.startsWith("lasting")));
  faults.push(...lasting.compare(kept).map((fault) => `in the export: ${fault}`));
  return {
    done: `the program's clock a day ahead, right, an hour behind, right, with ${users} statuses of ten days, as many of an hour, and as many pushed on the wrong day`,
    required:
      "no crash; statuses that hold beyond the jump are there at every moment and after it; a later updateTime wins at every moment; tokens are valid for their time by the new clock",
    seen: `0 of ${users} of ten days lost; ${lost} of ${users} of an hour, which were over by the wrong clock, are swept for good; for users with an update of the wrong day one of the right time is ${rightTime}`.replace(
      /^0/,
      String(faults.filter((fault) => fault.includes("lost")).length),
    ),
    faults,
  };

  /** Pushes by the server's clock, an older one after a newer one: the newer one must stay. */
  async function orderHolds(moment: string, shiftMs: number): Promise<void> {
    const ledger = createLedger(() => Date.now() + shiftMs);
    const userKey = `order ${moment}`;
    const older = ledger.next(userKey);
    const newer = ledger.next(userKey);
    const outcomes = [await outcomeOf(pusher, newer, 10 * day), await outcomeOf(pusher, older, 10 * day)];
    ledger.acknowledge(newer);
    check(
      outcomes.join() === "acknowledged,PLAN_STATUS_STALE",
      `${moment}: a newer and an older push are ${outcomes.join(" and ")}`,
    );
    faults.push(...ledger.compare(await readBack(reader, [userKey])).map((fault) => `${moment}: ${fault}`));
  }
}

async function pushAll(
  client: PlanSharingClient,
  ledger: Ledger,
  name: string,
  lifetimeMs: number,
): Promise<void> {
  for (let user = 0; user < users; user++) {
    const push = ledger.next(`${name} ${user}`);
    await send(client, push, lifetimeMs);
    ledger.acknowledge(push);
  }
}

/** Returns what became of a push: `acknowledged`, or the reason or code that it was refused with. */
async function outcomeOf(
  client: PlanSharingClient,
  ...push: [Parameters<typeof send>[1], number]
): Promise<string> {
  try {
    await send(client, ...push);
    return "acknowledged";
  } catch (error) {
    const { status, reason } = readError(error);
    return status === "ABORTED" || status === "FAILED_PRECONDITION" || status === "ALREADY_EXISTS"
      ? (reason ?? status)
      : status;
  }
}
