import { setTimeout } from "node:timers/promises";
import { readError } from "../../../src/client/read-error.ts";
import { type Backend, startBalancer } from "../balancer.ts";
import { clientOf, failuresText, type LoadCounts, startLoad } from "../clients/load.ts";
import { eventually } from "../eventually.ts";
import { createPushHistory } from "../push-history.ts";
import { readBack, readExport } from "../read-back.ts";
import { isReady } from "../readiness.ts";
import { createFindings, type Row, type ScenarioContext, settingFlags } from "../scenario.ts";
import type { Served } from "../served.ts";

const protocols = ["rest", "grpc", "connect"] as const;
const users = 300;
const concurrency = 4;
const perSecond = 25;
const stopMs = 20_000;

/** Two servers on one store behind a balancer, restarted in turn under load. */
export async function rollingRestart(context: ScenarioContext): Promise<Row> {
  const restarts = Math.max(4, Math.round(context.seconds / 5));
  const findings = createFindings();
  const { problems, check } = findings;
  const data = await context.directory();
  const args = settingFlags({ "lifecycle.drainDelay": "0.5s" });
  const servers = [await context.serve({ data, args }), await context.serve({ data, args })];
  const backends = (): Backend[] =>
    servers.map((server) => ({ port: server.port, isReady: () => isReady(server) }));
  const balancer = await startBalancer(backends);
  context.atEnd(() => balancer.close());
  const url = `http://127.0.0.1:${balancer.port}`;
  const { tokens } = servers[0] as Served;
  const history = createPushHistory();
  // With the default retries of the client.
  const loads = protocols.map((protocol) => {
    const client = clientOf({ url, tokens }, { protocol, retry: {} });
    return startLoad({
      client,
      history,
      random: context.random,
      users,
      prefix: `${protocol}-`,
      concurrency,
      perSecond,
    });
  });
  await setTimeout(500);
  for (let restart = 0; restart < restarts; restart++) {
    const index = restart % 2;
    const old = servers[index] as Served;
    await stop(old, `restart ${restart + 1}`, check);
    servers[index] = await context.serve({ data, args, port: old.port });
    const both = await eventually(() => balancer.readyBackends().length === 2, 15_000);
    check(both, `restart ${restart + 1}: not ready within 15 s`);
    await setTimeout(context.random.below(500));
  }
  const counts = await Promise.all(loads.map((load) => load.stop()));
  for (const [index, protocol] of protocols.entries()) {
    const own = counts[index] as LoadCounts;
    check(own.failures.size === 0, `${protocol}: calls failed: ${failuresText(own)}`);
    check(own.acknowledged > restarts, `${protocol}: almost no pushes were acknowledged`);
  }
  const reader = clientOf(servers[0] as Served, { reads: true, retry: {} });
  problems.push(...history.compare(await readBack(reader, history.userKeys())));
  problems.push(...history.compare(await readExport(data)));
  const acknowledged = counts.reduce((sum, own) => sum + own.acknowledged, 0);
  return {
    action: `two servers on one store behind a balancer with readiness checks, restarted in turn by SIGTERM, ${restarts} times, under pushes over REST, gRPC and Connect with the default retries of the client`,
    expected: `no call fails; each server stops within ${stopMs / 1000} s; each acknowledged status is read back`,
    observed: `${acknowledged} acknowledged, failures: ${counts.map(failuresText).join(", ")}`,
    problems,
  };
}

/** A server with two workers, stopped as a whole under load and started again. */
export async function restartWorkers(context: ScenarioContext): Promise<Row> {
  const restarts = Math.max(3, Math.round(context.seconds / 8));
  const { problems, check } = createFindings();
  const data = await context.directory();
  const args = ["--workers", "2"];
  let server = await context.serve({ data, args });
  const history = createPushHistory();
  const attemptErrors = new Set<string>();
  // More attempts than by default, because a start takes longer than the default five.
  const loads = protocols.map((protocol) => {
    const client = clientOf(server, {
      protocol,
      retry: { maxAttempts: 60, maxDelayMs: 500 },
      onAttempt({ error }) {
        // Two concurrent pushes for one user may arrive out of order.
        if (error !== undefined && readError(error).reason !== "PLAN_STATUS_STALE") {
          attemptErrors.add(error.message.replaceAll(/\d+/g, "#"));
        }
      },
    });
    return startLoad({
      client,
      history,
      random: context.random,
      users,
      prefix: `${protocol}-`,
      concurrency,
      perSecond,
    });
  });
  await setTimeout(500);
  for (let restart = 1; restart <= restarts; restart++) {
    await stop(server, `restart ${restart}`, check);
    server = await context.serve({ data, args, port: server.port });
    const before = loads.map(({ counts }) => counts.acknowledged);
    const continues = () => loads.every(({ counts }, index) => counts.acknowledged > (before[index] ?? 0));
    check(await eventually(continues, 15_000), `restart ${restart}: pushes do not continue within 15 s`);
    await setTimeout(context.random.below(500));
  }
  const counts = await Promise.all(loads.map((load) => load.stop()));
  for (const [index, protocol] of protocols.entries()) {
    const own = counts[index] as LoadCounts;
    check(own.failures.size === 0, `${protocol}: calls failed: ${failuresText(own)}`);
  }
  const others = [...attemptErrors].filter((error) => !error.startsWith("[unavailable]"));
  check(
    others.length === 0,
    `attempts failed with other errors than of the connection: ${others.join("; ")}`,
  );
  problems.push(
    ...history.compare(await readBack(clientOf(server, { reads: true, retry: {} }), history.userKeys())),
  );
  const acknowledged = counts.reduce((sum, own) => sum + own.acknowledged, 0);
  return {
    action: `a server with two workers stopped by SIGTERM and started again, ${restarts} times, under pushes over REST, gRPC and Connect`,
    expected: `attempts fail with connection errors only, and retries hide them; the server stops within ${stopMs / 1000} s; each acknowledged status is read back`,
    observed: `${acknowledged} acknowledged, failures: ${counts.map(failuresText).join(", ")}`,
    problems,
  };
}

async function stop(
  server: Served,
  moment: string,
  check: (holds: boolean, problem: string) => void,
): Promise<void> {
  server.signal("SIGTERM");
  const outcome = await Promise.race([server.ended, setTimeout(stopMs, undefined)]);
  check(
    outcome?.exitCode === 0,
    `${moment}: the server exited with ${JSON.stringify(outcome)}: ${server.stderrTail()}`,
  );
  if (outcome === undefined) {
    server.signal("SIGKILL");
    await server.ended;
  }
}
