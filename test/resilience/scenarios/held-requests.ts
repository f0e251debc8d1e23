import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expectedPace, measuredPace, startGoodClient } from "../clients/good-client.ts";
import type { Kind } from "../clients/hold-requests.ts";
import { createFindings, type Findings, type Row, type ScenarioContext } from "../scenario.ts";
import { usageOf } from "../usage.ts";

/** Requests of each kind that a stranger opens, and how many of them the server may hold. */
const kinds: Readonly<Record<Kind, { name: string; most: number }>> = {
  watches: { name: "health watches", most: 1_024 },
  checks: { name: "health checks without their body", most: 2_048 },
  refused: { name: "refused calls without their body", most: 2_048 },
  unread: { name: "Discovery documents that are not read", most: 2_048 },
  // The client does not see that a connection has ended, because it does not read.
  pipelined: { name: "pipelined Discovery documents that are not read", most: Number.POSITIVE_INFINITY },
};
const each = 12_000;
/** Largest growth of memory, in MiB, with a heap of at most 512 MiB. Most of it is garbage that is not collected yet. */
const maxGrowth = 384;

/** Twelve thousand requests of each kind without a token, which their clients keep open. */
export async function heldRequests(context: ScenarioContext): Promise<Row> {
  const findings = createFindings();
  const observed: string[] = [];
  let expected = "";
  for (const kind of Object.keys(kinds) as Kind[]) {
    const row = await hold(context, kind, findings);
    observed.push(row.observed);
    expected = row.expected;
  }
  return {
    action: `a heap of at most 512 MiB; ${each} requests without a token, from four addresses, whose clients keep them open; each kind with a new server: ${Object.values(
      kinds,
    )
      .map(({ name }) => name)
      .join(", ")}`,
    expected: `at most 1024 watches and 2048 others stay open; memory grows by at most ${maxGrowth} MiB; ${expected}`,
    observed: observed.join("; "),
    problems: findings.problems,
  };
}

async function hold(context: ScenarioContext, kind: Kind, findings: Findings) {
  const { name, most } = kinds[kind];
  const env = { NODE_OPTIONS: "--max-old-space-size=512" };
  const server = await context.serve({ data: await context.directory(), env });
  const good = await startGoodClient(server);
  const before = usageOf(server.pids()).residentBytes;
  const script = new URL("../clients/hold-requests.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, String(server.port), kind, String(each)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  context.atEnd(() => {
    child.kill("SIGKILL");
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const held = Number(line.split(" ")[1]);
  const growth = (usageOf(server.pids()).residentBytes - before) / 1024 / 1024;
  const during = await good.measure(2);
  findings.check(held <= most, `${held} ${name} stay open`);
  findings.check(growth <= maxGrowth, `${name}: memory grows by ${growth.toFixed(0)} MiB`);
  findings.check(server.isRunning(), `${name}: the server has exited`);
  await good.checkPushes(during, findings);
  await good.close();
  child.kill("SIGKILL");
  server.signal("SIGTERM");
  await server.ended;
  const perRequest = Number.isFinite(most) ? `${held} held, ` : "";
  return {
    expected: expectedPace(good),
    observed: `${name}: ${perRequest}${growth.toFixed(0)} MiB more, ${measuredPace(good, during)}`,
  };
}
