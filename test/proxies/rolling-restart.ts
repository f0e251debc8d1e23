import type { PlanSharingProtocol } from "../../src/client/index.ts";
import { createRandom } from "../fuzz/random.ts";
import { clientOf, failuresText, type LoadCounts, startLoad } from "../resilience/clients/load.ts";
import { eventually } from "../resilience/eventually.ts";
import { createPushHistory } from "../resilience/push-history.ts";
import { readBack } from "../resilience/read-back.ts";
import type { Served } from "../resilience/served.ts";
import { testCertificate } from "../support/certificates/certificate.ts";
import type { Site } from "./site.ts";

/** Outcome of a rolling restart under load. */
export type Restarted = {
  readonly pushes: number;
  readonly failed: number;
  readonly restarts: number;
  readonly problems: readonly string[];
};

const maxStepMs = 20_000;

/**
 * Restarts the servers of a site in turn while clients push through a proxy. REST does not retry, so that each answer of
 * the proxy counts. Connect has the default retries of the client: a proxy that streams bodies cannot repeat a request.
 */
export async function restartInTurn(site: Site, port: number, restarts: number): Promise<Restarted> {
  const problems: string[] = [];
  const history = createPushHistory();
  // Statuses of an earlier run must not count.
  const run = crypto.randomUUID();
  const url = `https://127.0.0.1:${port}`;
  const ca = testCertificate.cert;
  const loads = Object.entries({ rest: false, connect: {} } as const).map(([protocol, retry]) => ({
    protocol,
    load: startLoad({
      client: clientOf(
        { url, tokens: site.tokens },
        { protocol: protocol as PlanSharingProtocol, retry, ca, timeoutMs: maxStepMs },
      ),
      history,
      random: createRandom(1),
      users: 300,
      prefix: `${run}-${protocol}-`,
      concurrency: 4,
      perSecond: 25,
    }),
  }));
  const progress = async (moment: string) => {
    const before = loads.map(({ load }) => load.counts.acknowledged);
    const everyLoad = () => loads.every(({ load }, at) => load.counts.acknowledged > (before[at] ?? 0) + 10);
    if (!(await eventually(everyLoad, maxStepMs))) {
      problems.push(`${moment}: pushes do not continue within ${maxStepMs} ms`);
    }
  };
  await progress("before the first restart");
  for (let restart = 0; restart < restarts; restart++) {
    const index = restart % 2 === 0 ? 0 : 1;
    const exitCode = await site.restart(index);
    if (exitCode !== 0) {
      problems.push(`restart ${restart + 1}: the server exited with ${exitCode}`);
    }
    await progress(`restart ${restart + 1}`);
    const isUsed = async () => (await callsOf(site.servers[index])) > 10;
    if (!(await eventually(isUsed, maxStepMs))) {
      problems.push(`restart ${restart + 1}: the proxy does not use the server again within ${maxStepMs} ms`);
    }
  }
  let pushes = 0;
  let failed = 0;
  for (const { protocol, load } of loads) {
    const counts: LoadCounts = await load.stop();
    pushes += counts.acknowledged;
    failed += [...counts.failures.values()].reduce((sum, count) => sum + count, 0);
    if (counts.failures.size > 0) {
      problems.push(`${protocol}: pushes failed: ${failuresText(counts)}`);
    }
  }
  const reader = clientOf(site.servers[0], { reads: true, retry: {} });
  problems.push(...history.compare(await readBack(reader, history.userKeys())));
  return { pushes, failed, restarts, problems };
}

/** Returns how many calls a server has answered since its start. */
async function callsOf({ admin }: Served): Promise<number> {
  const text = await (await fetch(new URL("/metrics", admin))).text();
  const counts = text.matchAll(/^rpc_server_call_duration_seconds_count\{.*method="[^"]*Create.*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}
