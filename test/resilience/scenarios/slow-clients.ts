import { setTimeout } from "node:timers/promises";
import { expectedPace, measuredPace, startGoodClient } from "../clients/good-client.ts";
import { slowClients as kinds, vanish } from "../clients/slow-clients.ts";
import { eventually } from "../eventually.ts";
import { createFindings, type Row, type ScenarioContext, settingFlags } from "../scenario.ts";
import { usageOf } from "../usage.ts";

const each = 16;
const vanishing = 200;
/** Interval between connections, in ms. All are open before the first timeout ends. */
const arrivalMs = 5;
/** Longest timeout, plus time for the sweep and for a busy machine, in ms. */
const goneMs = 20_000;

/** Many slow and dead clients at once, next to a well-behaved one. */
export async function slowClients(context: ScenarioContext): Promise<Row> {
  const args = settingFlags({
    "limits.headerTimeout": "2s",
    "limits.bodyTimeout": "3s",
    "limits.idleTimeout": "4s",
  });
  const findings = createFindings();
  const { problems, check } = findings;
  const server = await context.serve({ data: await context.directory(), args });
  const resting = usageOf(server.pids()).descriptors;
  const good = await startGoodClient(server);

  const open = new Map<string, number>();
  const began = performance.now();
  const attacks = (async () => {
    for (let count = 0; count < each; count++) {
      for (const [kind, connect] of Object.entries(kinds)) {
        const socket = connect(server.port, server.tokens.push);
        open.set(kind, (open.get(kind) ?? 0) + 1);
        context.atEnd(() => {
          socket.destroy();
        });
        socket.once("close", () => open.set(kind, (open.get(kind) ?? 0) - 1));
        await setTimeout(arrivalMs);
      }
    }
    for (let count = 0; count < vanishing; count++) {
      await vanish(server.port, server.tokens.push, count % 2 === 0);
    }
  })();
  const during = await good.measure(6);
  await attacks;
  await good.close();
  // Clients that never read do not see that their connection is closed, so count the descriptors of the server.
  const all = Object.keys(kinds).length * each;
  const back = () => usageOf(server.pids()).descriptors <= resting + 2;
  const areGone = await eventually(back, goneMs);
  const goneAfterMs = performance.now() - began;
  const left = usageOf(server.pids()).descriptors - resting;
  const still = [...open].filter(([, count]) => count > 0).map(([kind, count]) => `${count} × "${kind}"`);
  check(areGone, `${left} descriptors are open after ${goneMs / 1000} s; open clients: ${still.join(", ")}`);
  check(server.isRunning(), "the server has exited");
  check(server.stderrTail() === "", "the server logs errors of clients as its own");
  await good.checkPushes(during, findings);
  return {
    action: `${all} clients of ${Object.keys(kinds).length} kinds that make no progress, at once, and ${vanishing} that disconnect in the middle of a body; timeouts of 2, 3 and 4 s`,
    expected: `${expectedPace(good)}; all slow clients are disconnected within ${goneMs / 1000} s`,
    observed: `${measuredPace(good, during)}; all disconnected after ${(goneAfterMs / 1000).toFixed(1)} s`,
    problems,
  };
}
