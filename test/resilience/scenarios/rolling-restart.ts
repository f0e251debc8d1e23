import { setTimeout } from "node:timers/promises";
import { readError } from "../../../src/client/read-error.ts";
import { type Backend, startBalancer } from "../balancer.ts";
import { clientOf, failuresText, type LoadCounts, startLoad } from "../clients/load.ts";
import { eventually } from "../eventually.ts";
import { createLedger } from "../ledger.ts";
import { readBack, readExport } from "../read-back.ts";
import { isReady } from "../readiness.ts";
import { createFindings, type NotRun, type Row, type ScenarioContext, settingFlags } from "../scenario.ts";
import type { Served } from "../served.ts";

const protocols = ["rest", "grpc", "connect"] as const;
const users = 300;
const lanes = 4;
const perSecond = 25;
const stopMs = 20_000;

/** Two servers on one store, behind a balancer, stopped and started in turn under load. */
export async function rollingRestart(context: ScenarioContext): Promise<Row> {
  const restarts = Math.max(4, Math.round(context.seconds / 5));
  const findings = createFindings();
  const { faults, check } = findings;
  const data = await context.directory();
  const args = settingFlags(context, { "lifecycle.drainDelay": "0.5s" });
  const servers = [await context.serve({ data, args }), await context.serve({ data, args })];
  const backends = (): Backend[] =>
    servers.map((server) => ({ port: server.port, isReady: () => isReady(server) }));
  const balancer = await startBalancer(backends);
  context.atEnd(() => balancer.close());
  const url = `http://127.0.0.1:${balancer.port}`;
  const { tokens } = servers[0] as Served;
  const ledger = createLedger();
  // The client's own retries, as they are by default.
  const loads = protocols.map((protocol) => {
    const client = clientOf({ url, tokens }, { protocol, retry: {} });
    return startLoad({
      client,
      ledger,
      random: context.random,
      users,
      prefix: `${protocol} `,
      lanes,
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
    check(own.acknowledged > restarts, `${protocol}: hardly a push was acknowledged`);
  }
  const reader = clientOf(servers[0] as Served, { reads: true, retry: {} });
  faults.push(...ledger.compare(await readBack(reader, ledger.userKeys())));
  faults.push(...ledger.compare(await readExport(data)));
  const acknowledged = counts.reduce((sum, own) => sum + own.acknowledged, 0);
  return {
    done: `two servers on one store behind a balancer that asks for readiness, stopped by SIGTERM and started in turn, ${restarts} times, under pushes of the client over REST, gRPC and Connect with its default retries`,
    required: `no call fails; each stops within ${stopMs / 1000} s; each acknowledged status is read back`,
    seen: `${acknowledged} acknowledged, failures: ${counts.map(failuresText).join(", ")}`,
    faults,
  };
}

/** A server of two processes, stopped as a whole under load, and started again. */
export async function restartWorkers(context: ScenarioContext): Promise<Row | NotRun> {
  if (!context.flags.has("--workers")) {
    return { notRun: "there is no --workers" };
  }
  const restarts = Math.max(3, Math.round(context.seconds / 8));
  const { faults, check } = createFindings();
  const data = await context.directory();
  const args = ["--workers", "2"];
  let server = await context.serve({ data, args });
  const ledger = createLedger();
  const connectionFaults = new Set<string>();
  // More attempts than by default: a start takes longer than five of those.
  const loads = protocols.map((protocol) => {
    const client = clientOf(server, {
      protocol,
      retry: { maxAttempts: 60, maxDelayMs: 500 },
      onAttempt({ error }) {
        // Two lanes may push for one user: of those the older one may come later.
        if (error !== undefined && readError(error).reason !== "PLAN_STATUS_STALE") {
          connectionFaults.add(error.message.replaceAll(/\d+/g, "#"));
        }
      },
    });
    return startLoad({
      client,
      ledger,
      random: context.random,
      users,
      prefix: `${protocol} `,
      lanes,
      perSecond,
    });
  });
  await setTimeout(500);
  for (let restart = 1; restart <= restarts; restart++) {
    await stop(server, `restart ${restart}`, check);
    server = await context.serve({ data, args, port: server.port });
    const before = loads.map(({ counts }) => counts.acknowledged);
    const goesOn = () => loads.every(({ counts }, index) => counts.acknowledged > (before[index] ?? 0));
    check(await eventually(goesOn, 15_000), `restart ${restart}: pushes do not go on within 15 s`);
    await setTimeout(context.random.below(500));
  }
  const counts = await Promise.all(loads.map((load) => load.stop()));
  for (const [index, protocol] of protocols.entries()) {
    const own = counts[index] as LoadCounts;
    check(own.failures.size === 0, `${protocol}: calls failed: ${failuresText(own)}`);
  }
  const others = [...connectionFaults].filter((fault) => !fault.startsWith("[unavailable]"));
  check(others.length === 0, `attempts failed otherwise than by the connection: ${others.join("; ")}`);
  faults.push(
    ...ledger.compare(await readBack(clientOf(server, { reads: true, retry: {} }), ledger.userKeys())),
  );
  const acknowledged = counts.reduce((sum, own) => sum + own.acknowledged, 0);
  return {
    done: `a server of two workers stopped by SIGTERM and started again ${restarts} times, under pushes over REST, gRPC and Connect`,
    required: `attempts fail by the connection only, and retries hide it; it stops within ${stopMs / 1000} s; each acknowledged status is read back`,
    seen: `${acknowledged} acknowledged, failures: ${counts.map(failuresText).join(", ")}`,
    faults,
  };
}

async function stop(
  server: Served,
  moment: string,
  check: (holds: boolean, fault: string) => void,
): Promise<void> {
  server.signal("SIGTERM");
  const outcome = await Promise.race([server.ended, setTimeout(stopMs, undefined)]);
  check(
    outcome?.exitCode === 0,
    `${moment}: it ended with ${JSON.stringify(outcome)}: ${server.complaints()}`,
  );
  if (outcome === undefined) {
    server.signal("SIGKILL");
    await server.ended;
  }
}
