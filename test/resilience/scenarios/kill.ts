import { setTimeout } from "node:timers/promises";
import { childrenOf, isAlive } from "../../support/process-tree.ts";
import { clientOf, failuresText, startLoad } from "../clients/load.ts";
import { startNewConnections } from "../clients/new-connections.ts";
import { eventually } from "../eventually.ts";
import { metricOf } from "../metrics.ts";
import { createPushHistory } from "../push-history.ts";
import { readBack, readExport } from "../read-back.ts";
import { createFindings, type Row, type ScenarioContext } from "../scenario.ts";
import { usageOf } from "../usage.ts";

const users = 400;
const concurrency = 24;
/** Longest time until a worker is replaced, including its start on a busy machine, in ms. */
const replacedMs = 30_000;

/** `kill -9` at random points under load, each followed by a restart on the same data. */
export async function kill(context: ScenarioContext): Promise<Row> {
  const rounds = Math.max(10, Math.round(context.seconds / 3));
  return killRounds(context, { rounds, args: [] });
}

/** The same with two workers, then `kill -9` of single workers while the primary keeps running. */
export async function killWorkers(context: ScenarioContext): Promise<Row> {
  const args = ["--workers", "2"];
  const whole = await killRounds(context, { rounds: Math.max(4, Math.round(context.seconds / 8)), args });
  const single = await killSingleWorkers(context, Math.max(4, Math.round(context.seconds / 10)), args);
  return {
    action: `two workers; ${whole.action}; then ${single.action}`,
    expected: `${whole.expected}; ${single.expected}`,
    observed: `${whole.observed}; ${single.observed}`,
    problems: [...whole.problems, ...single.problems],
  };
}

type Rounds = { readonly rounds: number; readonly args: readonly string[] };

async function killRounds(context: ScenarioContext, { rounds, args }: Rounds): Promise<Row> {
  const { random } = context;
  const { problems, check } = createFindings();
  const data = await context.directory();
  const history = createPushHistory();
  let acknowledged = 0;
  for (let round = 1; round <= rounds; round++) {
    const server = await context.serve({ data, args });
    if (round > 1) {
      const found = await readBack(clientOf(server, { reads: true }), history.userKeys());
      problems.push(...history.compare(found).map((problem) => `after kill ${round - 1}: ${problem}`));
    }
    const load = startLoad({ client: clientOf(server), history, random, users, concurrency });
    check(
      await eventually(() => load.counts.acknowledged > 0, 10_000),
      `start ${round}: no push is acknowledged`,
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
  problems.push(...history.compare(found).map((problem) => `after the last kill: ${problem}`));
  check(acknowledged > rounds, "almost no pushes were acknowledged");
  return {
    action: `${rounds} times kill -9 after 0 to 0.6 s of load, with ${concurrency} pushes in flight for ${users} users`,
    expected:
      "each acknowledged status, or one sent later, is read back; nothing is stored that was not sent",
    observed: `${acknowledged} acknowledged, ${found.size} stored, ${problems.length} problems`,
    problems,
  };
}

async function killSingleWorkers(
  context: ScenarioContext,
  kills: number,
  args: readonly string[],
): Promise<Row> {
  const { random } = context;
  const { problems, check } = createFindings();
  const server = await context.serve({ data: await context.directory(), args });
  const history = createPushHistory();
  const load = startLoad({ client: clientOf(server, { retry: {} }), history, random, users, concurrency });
  // Without both workers serving, killing the only one would close the port.
  const bothServe = () =>
    eventually(async () => (await metricOf(server.admin, "mdps_ready")) === 2, replacedMs);
  await bothServe();
  const resting = usageOf([server.pid]).descriptors;
  const newConnections = startNewConnections(server.port);
  for (let round = 1; round <= kills; round++) {
    check(await bothServe(), `before kill ${round}: two workers do not serve within ${replacedMs / 1000} s`);
    await setTimeout(random.below(600));
    const workers = childrenOf(server.pid);
    process.kill(random.pick(workers), "SIGKILL");
    const before = load.counts.acknowledged;
    const continues = await eventually(() => load.counts.acknowledged > before + concurrency, 10_000);
    check(continues, `kill ${round}: pushes do not continue`);
  }
  check(await bothServe(), `at the end: two workers do not serve within ${replacedMs / 1000} s`);
  const { made, unanswered } = await newConnections.stop();
  const counts = await load.stop();
  check(unanswered === 0, `${unanswered} of ${made} connections were neither answered nor closed`);
  const back = () => usageOf([server.pid]).descriptors <= resting + 2;
  check(
    await eventually(back, 10_000),
    `${usageOf([server.pid]).descriptors - resting} descriptors remain open in the primary`,
  );
  check(server.isRunning(), "the primary has exited");
  check(
    counts.failures.size === 0,
    `calls failed despite the retries of the client: ${failuresText(counts)}`,
  );
  problems.push(
    ...history.compare(await readBack(clientOf(server, { reads: true, retry: {} }), history.userKeys())),
  );
  return {
    action: `${kills} times kill -9 of one worker, with ${made} new connections in the meantime`,
    expected:
      "a new worker serves within 30 s; no call fails with the default retries of the client; every new connection is answered or closed; the primary leaks no connection",
    observed: `${unanswered} connections without an answer, ${counts.acknowledged} acknowledged, failures: ${failuresText(counts)}`,
    problems,
  };
}
