import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { request } from "undici";
import { clientId, clientOf, failuresText, parent, startLoad } from "../clients/load.ts";
import { quantile } from "../clients/pace.ts";
import { openRaw } from "../clients/raw-connection.ts";
import { createPushHistory } from "../push-history.ts";
import { readBack } from "../read-back.ts";
import { createFindings, type Row, type ScenarioContext } from "../scenario.ts";
import { growthOf, mean, type Sample } from "../trend.ts";
import { usageOf } from "../usage.ts";

const users = 2_000;
/** Time until the statuses of some users expire, in ms, so that they are swept many times. */
const briefMs = 5_000;
/** Maximum growth of memory, as a share. The heap still grows in the first minutes. */
const maxGrowthOf = (seconds: number) => (seconds >= 600 ? 0.05 : 0.3);
const maxDescriptors = 4;
const maxLagMs = 500;
/** Time within which an expired status must be deleted from the disk, in seconds. */
const sweptAfterS = 15;

/** A constant load for a long time. Neither memory nor descriptors may grow. */
export async function soak(context: ScenarioContext): Promise<Row> {
  const { random } = context;
  const seconds = Math.max(60, context.seconds);
  const maxGrowth = maxGrowthOf(seconds);
  const { problems, check } = createFindings();
  const server = await context.serve({ data: await context.directory() });
  const history = createPushHistory();
  const brief = createPushHistory();
  const client = clientOf(server);
  const reader = clientOf(server, { reads: true });
  const loads = [
    startLoad({ client, history, random, users, concurrency: 8, perSecond: 25 }),
    startLoad({
      client,
      history: brief,
      random,
      users: 1e9,
      prefix: "brief-",
      concurrency: 4,
      perSecond: 25,
      lifetimeMs: briefMs,
    }),
  ];
  let stopped = false;
  const others = Promise.all([
    repeatUntilStopped(20, async () => {
      const userKey = `user-${random.below(users)}`;
      await reader.getUserPlanStatus({ parent, clientId, userKey }).catch(() => undefined);
    }),
    repeatUntilStopped(10, () => badRequest(server.url, random.below(4))),
    repeatUntilStopped(10, async () => {
      const socket = openRaw(server.port);
      socket.write(random.below(2) === 0 ? "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n" : "PRI * HT");
      await setTimeout(random.below(50));
      socket.destroy();
    }),
  ]);

  const memory: Sample[] = [];
  const descriptors: Sample[] = [];
  const lags: number[] = [];
  for (let second = 0; second < seconds; second++) {
    await setTimeout(1_000);
    const { residentBytes, descriptors: open } = usageOf(server.pids());
    memory.push({ at: second, value: residentBytes });
    descriptors.push({ at: second, value: open });
    const began = performance.now();
    await badRequest(server.url, 0);
    lags.push(performance.now() - began);
  }
  stopped = true;
  await others;
  const counts = await Promise.all(loads.map((load) => load.stop()));

  const resident = mean(memory.slice(memory.length / 2).map(({ value }) => value));
  const growth = growthOf(memory) / resident;
  const opened = growthOf(descriptors);
  const lag = quantile(lags, 0.99);
  check(server.isRunning(), "the server has exited");
  check(growth <= maxGrowth, `memory grows by ${(100 * growth).toFixed(1)} % in the second half`);
  check(opened <= maxDescriptors, `${opened.toFixed(1)} more descriptors in the second half`);
  check(lag <= maxLagMs, `p99 of a trivial call: ${lag.toFixed(0)} ms`);
  for (const own of counts) {
    check(own.failures.size === 0, `pushes failed: ${failuresText(own)}`);
  }
  problems.push(...history.compare(await readBack(reader, history.userKeys())));
  const late = lateRecords(server.data);
  check(late === 0, `${late} records are on the disk more than ${sweptAfterS} s after they expired`);
  const pushed = counts.reduce((sum, own) => sum + own.acknowledged, 0);
  const swept = brief.acknowledgedUsers();
  return {
    action: `${seconds} s of pushes, reads, bad requests and new connections; ${swept} of the statuses expire after ${briefMs / 1000} s`,
    expected: `in the second half, memory grows by at most ${100 * maxGrowth} % and descriptors by at most ${maxDescriptors} (linear fit); p99 of a trivial call at most ${maxLagMs} ms; expired statuses are deleted from the disk within ${sweptAfterS} s; no push fails or is lost`,
    observed: `${pushed} pushes; ${(resident / 1024 ** 2).toFixed(0)} MiB, growth ${(100 * growth).toFixed(1)} %; ${opened.toFixed(1)} more descriptors; p99 ${lag.toFixed(0)} ms; ${late} records deleted too late`,
    problems,
  };

  async function repeatUntilStopped(perSecond: number, work: () => Promise<void>): Promise<void> {
    while (!stopped) {
      await work();
      await setTimeout(1000 / perSecond);
    }
  }
}

/** Sends one of several kinds of requests that the server must reject. */
async function badRequest(url: string, kind: number): Promise<void> {
  const path = kind === 0 ? "/nowhere" : `/v1/${parent}/clients/${clientId}/users/x/planStatus`;
  const { body } = await request(new URL(path, url), {
    method: "POST",
    headers: {
      "content-type": kind === 1 ? "text/plain" : "application/json",
      ...(kind > 1 && { authorization: kind === 2 ? "Bearer none" : "Basic x" }),
    },
    body: "{",
  });
  await body.dump();
}

/** Counts records in the database file that should have been swept by now. */
function lateRecords(data: string): number {
  const database = new DatabaseSync(join(data, "plans.sqlite"), { readOnly: true });
  try {
    const count = database.prepare("SELECT count(*) AS late FROM record WHERE expires_at_ms < ?");
    return Number(count.get(Date.now() - sweptAfterS * 1000)?.late);
  } finally {
    database.close();
  }
}
