import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { makeToken } from "../../../src/cli/make-token.ts";
import type { PlanSharingClient } from "../../../src/client/client.ts";
import { readError } from "../../../src/client/read-error.ts";
import { day, hour } from "../../support/plan-statuses.ts";
import { clientOf, send } from "../clients/load.ts";
import { createPushHistory, type PushHistory } from "../push-history.ts";
import { readBack, readExport } from "../read-back.ts";
import { isReady } from "../readiness.ts";
import { createFindings, type Row, type ScenarioContext } from "../scenario.ts";

const users = 300;

/** The clock jumps a day forward and back, then an hour back and forward. */
export async function clock(context: ScenarioContext): Promise<Row> {
  const { problems, check } = createFindings();
  const file = join(await context.directory(), "shift");
  /** Shifts the clock of the server, and waits until the server and its sweep have used it for a second. */
  const jump = async (shiftMs: number) => {
    // Renamed, because the server may read the file at any moment.
    writeFileSync(`${file}.new`, String(shiftMs));
    renameSync(`${file}.new`, file);
    await setTimeout(3_000);
  };
  await jump(0);
  const preload = new URL("../shifted-date.ts", import.meta.url).href;
  const env = { MDPS_TEST_CLOCK: file, NODE_OPTIONS: `--import ${preload}` };
  const server = await context.serve({ data: await context.directory(), env });
  const { url } = server;
  const week = await makeToken(server.data, 65001, "push", (7 * day) / 1000);
  const read = await makeToken(server.data, 65001, "read", (7 * day) / 1000);
  const reader = clientOf({ url, tokens: { push: week, read } }, { reads: true });
  const pusher = clientOf({ url, tokens: { push: week, read } });
  // Expires with the jump by a day.
  const short = clientOf({ url, tokens: { push: await makeToken(server.data, 65001, "push", 3_600), read } });

  const lasting = createPushHistory();
  const brief = createPushHistory();
  await pushAll(pusher, lasting, "lasting", 10 * day);
  await pushAll(pusher, brief, "brief", hour);
  const lastingKeys = lasting.userKeys();
  const readLasting = async (moment: string) => {
    const found = await readBack(reader, lastingKeys);
    problems.push(...lasting.compare(found).map((problem) => `${moment}: ${problem}`));
  };

  await jump(day);
  await readLasting("a day ahead");
  const expired = (await readBack(reader, brief.userKeys())).size;
  check(expired === 0, `a day ahead: ${expired} expired statuses are still returned`);
  const lateToken = await outcomeOf(short, lasting.next("lasting-0"), 10 * day);
  check(lateToken === "UNAUTHENTICATED", `a day ahead: a push with an expired token: ${lateToken}`);
  await checkOrder("a day ahead", day);
  // Statuses pushed with that clock stay stored and stay the newest when the clock is correct again.
  const ahead = createPushHistory(() => Date.now() + day);
  await pushAll(pusher, ahead, "ahead", 10 * day);

  await jump(0);
  await readLasting("correct again");
  problems.push(
    ...ahead.compare(await readBack(reader, ahead.userKeys())).map((problem) => `correct again: ${problem}`),
  );
  const rightTime = await outcomeOf(pusher, createPushHistory().next("ahead-0"), 10 * day);
  const lost = users - (await readBack(reader, brief.userKeys())).size;
  const goodToken = await outcomeOf(short, lasting.next("lasting-0"), 10 * day);
  check(goodToken === "acknowledged", `correct again: a push with a valid token: ${goodToken}`);
  await checkOrder("correct again", 0);

  await jump(-hour);
  await readLasting("an hour behind");
  const early = await outcomeOf(pusher, createPushHistory().next("early"), 10 * day);
  check(
    early === "INVALID_ARGUMENT",
    `an hour behind: a push whose updateTime is an hour in the future: ${early}`,
  );
  await checkOrder("an hour behind", -hour);

  await jump(0);
  await readLasting("correct at the end");
  await checkOrder("correct at the end", 0);
  check(server.isRunning() && (await isReady(server)), "the server is not ready at the end");
  const all = await readExport(server.data);
  const exported = new Map([...all].filter(([userKey]) => userKey.startsWith("lasting")));
  problems.push(...lasting.compare(exported).map((problem) => `in the export: ${problem}`));
  return {
    action: `the clock is a day ahead, correct, an hour behind, correct; ${users} statuses expire after ten days, ${users} after an hour, and ${users} are pushed while it is a day ahead`,
    expected:
      "no crash; statuses that expire after the jump are never lost; a later `updateTime` always wins; tokens expire by the current clock",
    observed: `${problems.filter((problem) => problem.includes("lost")).length} of ${users} statuses of ten days lost; ${lost} of ${users} statuses of an hour, expired by the wrong clock, are deleted for good; outcome of a correct push for a user updated a day ahead: ${rightTime}`,
    problems,
  };

  /** Pushes a newer status and then an older one by the clock of the server, and checks that the newer one stays. */
  async function checkOrder(moment: string, shiftMs: number): Promise<void> {
    const history = createPushHistory(() => Date.now() + shiftMs);
    const userKey = `order-${moment.replaceAll(" ", "-")}`;
    const older = history.next(userKey);
    const newer = history.next(userKey);
    const outcomes = [await outcomeOf(pusher, newer, 10 * day), await outcomeOf(pusher, older, 10 * day)];
    history.acknowledge(newer);
    check(
      outcomes.join() === "acknowledged,PLAN_STATUS_STALE",
      `${moment}: outcomes of a newer and an older push: ${outcomes.join(" and ")}`,
    );
    problems.push(
      ...history.compare(await readBack(reader, [userKey])).map((problem) => `${moment}: ${problem}`),
    );
  }
}

async function pushAll(
  client: PlanSharingClient,
  history: PushHistory,
  name: string,
  lifetimeMs: number,
): Promise<void> {
  for (let user = 0; user < users; user++) {
    const push = history.next(`${name}-${user}`);
    await send(client, push, lifetimeMs);
    history.acknowledge(push);
  }
}

/** Returns the outcome of a push: `acknowledged`, or the reason or code of the error. */
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
