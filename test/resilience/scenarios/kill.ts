import { setTimeout } from "node:timers/promises";
import { clientOf, failuresText, startLoad } from "../clients/load.ts";
import { startNewcomers } from "../clients/newcomers.ts";
import { eventually } from "../eventually.ts";
import { createLedger } from "../ledger.ts";
import { metricOf } from "../metrics.ts";
import { readBack, readExport } from "../read-back.ts";
import { createFindings, type NotRun, type Row, type ScenarioContext } from "../scenario.ts";
import { childrenOf, isAlive, usageOf } from "../usage.ts";

const users = 400;
const lanes = 24;
/** The longest pause before a worker is replaced, and the start of a busy machine, in ms. */
const replacedMs = 30_000;

/** `kill -9` at random points under load, and a new start on what is left, again and again. */
export async function kill(context: ScenarioContext): Promise<Row> {
  const rounds = Math.max(10, Math.round(context.seconds / 3));
  return killRounds(context, { rounds, args: [] });
}

/** The same with two workers; and before that the workers alone, while their primary goes on. */
export async function killWorkers(context: ScenarioContext): Promise<Row | NotRun> {
  if (!context.flags.has("--workers")) {
    return { notRun: "there is no --workers" };
  }
  const args = ["--workers", "2"];
  const whole = await killRounds(context, { rounds: Math.max(4, Math.round(context.seconds / 8)), args });
  const single = await killSingly(context, Math.max(4, Math.round(context.seconds / 10)), args);
  return {
    done: `two workers; ${whole.done}; then ${single.done}`,
    required: `${whole.required}; ${single.required}`,
    seen: `${whole.seen}; ${single.seen}`,
    faults: [...whole.faults, ...single.faults],
  };
}

type Rounds = { readonly rounds: number; readonly args: readonly string[] };

async function killRounds(context: ScenarioContext, { rounds, args }: Rounds): Promise<Row> {
  const { random } = context;
  const { faults, check } = createFindings();
  const data = await context.directory();
  const ledger = createLedger();
  let acknowledged = 0;
  for (let round = 1; round <= rounds; round++) {
    const server = await context.serve({ data, args });
    if (round > 1) {
      const found = await readBack(clientOf(server, { reads: true }), ledger.userKeys());
      faults.push(...ledger.compare(found).map((fault) => `after kill ${round - 1}: ${fault}`));
    }
    const load = startLoad({ client: clientOf(server), ledger, random, users, lanes });
    check(
      await eventually(() => load.counts.acknowledged > 0, 10_000),
      `start ${round}: nothing is acknowledged`,
    );
    await setTimeout(random.below(600));
    const pids = server.pids();
    server.signal("SIGKILL");
    await server.ended;
    acknowledged += (await load.stop()).acknowledged;
    const gone = await eventually(() => !pids.some(isAlive), 5_000);
    check(gone, `after kill ${round}: workers outlive their primary: ${pids.filter(isAlive)}`);
  }
  const last = await context.serve({ data, args });
  const found = await readExport(last.data);
  faults.push(...ledger.compare(found).map((fault) => `after the last kill: ${fault}`));
  check(acknowledged > rounds, "hardly anything was acknowledged");
  return {
    done: `${rounds} times kill -9 after 0 to 0.6 s of pushes in ${lanes} lanes for ${users} users`,
    required:
      "each acknowledged status is read back, or one that was sent later; nothing is there that was not sent",
    seen: `${acknowledged} acknowledged, ${found.size} records, ${faults.length} faults`,
    faults,
  };
}

async function killSingly(context: ScenarioContext, kills: number, args: readonly string[]): Promise<Row> {
  const { random } = context;
  const { faults, check } = createFindings();
  const server = await context.serve({ data: await context.directory(), args });
  const ledger = createLedger();
  const load = startLoad({ client: clientOf(server, { retry: {} }), ledger, random, users, lanes });
  // One that is killed before it serves leaves its twin alone, and with that one the port would be gone.
  const bothServe = () =>
    eventually(async () => (await metricOf(server.admin, "mdps_ready")) === 2, replacedMs);
  await bothServe();
  const resting = usageOf([server.pid]).descriptors;
  const newcomers = startNewcomers(server.port);
  for (let round = 1; round <= kills; round++) {
    check(await bothServe(), `before kill ${round}: two workers do not serve within ${replacedMs / 1000} s`);
    await setTimeout(random.below(600));
    const workers = childrenOf(server.pid);
    process.kill(random.pick(workers), "SIGKILL");
    const before = load.counts.acknowledged;
    const goesOn = await eventually(() => load.counts.acknowledged > before + lanes, 10_000);
    check(goesOn, `kill ${round}: pushes do not go on`);
  }
  check(await bothServe(), `at the end two workers do not serve within ${replacedMs / 1000} s`);
  const { made, unanswered } = await newcomers.stop();
  const counts = await load.stop();
  check(unanswered === 0, `${unanswered} of ${made} connections were neither answered nor closed`);
  const back = () => usageOf([server.pid]).descriptors <= resting + 2;
  check(
    await eventually(back, 10_000),
    `${usageOf([server.pid]).descriptors - resting} descriptors stay open in the primary`,
  );
  check(server.isRunning(), "the primary has ended");
  check(counts.failures.size === 0, `calls failed in spite of the client's retries: ${failuresText(counts)}`);
  faults.push(
    ...ledger.compare(await readBack(clientOf(server, { reads: true, retry: {} }), ledger.userKeys())),
  );
  return {
    done: `${kills} times kill -9 of one worker, and ${made} new connections meanwhile`,
    required:
      "a new worker that serves within 30 s; with the client's default retries no call fails; every new connection is answered or closed; the primary keeps none",
    seen: `${unanswered} connections without an answer, ${counts.acknowledged} acknowledged, failures: ${failuresText(counts)}`,
    faults,
  };
}
