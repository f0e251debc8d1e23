import { setTimeout } from "node:timers/promises";
import { paceRequired, paceSeen, startGoodClient } from "../clients/good-client.ts";
import { slowClients as kinds, vanish } from "../clients/slow-clients.ts";
import { eventually } from "../eventually.ts";
import { createFindings, type NotRun, type Row, type ScenarioContext, settingFlags } from "../scenario.ts";
import { usageOf } from "../usage.ts";

const each = 16;
const vanishing = 200;
/** From one to the next, in ms: all are there before the first time-out ends. */
const arrivalMs = 5;
/** The longest of the time-outs, and what the sweep and a busy machine may add, in ms. */
const goneMs = 20_000;

/** Clients that are slow or dead, many at once, beside one that does everything right. */
export async function slowClients(context: ScenarioContext): Promise<Row | NotRun> {
  const args = settingFlags(context, {
    "limits.headerTimeout": "2s",
    "limits.bodyTimeout": "3s",
    "limits.idleTimeout": "4s",
  });
  if (args === undefined) {
    return { notRun: "there is no --set, and by default slow clients have more than a minute" };
  }
  const findings = createFindings();
  const { faults, check } = findings;
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
  // Those that never read do not see that the connection is closed: only the server's descriptors tell.
  const all = Object.keys(kinds).length * each;
  const back = () => usageOf(server.pids()).descriptors <= resting + 2;
  const areGone = await eventually(back, goneMs);
  const goneAfterMs = performance.now() - began;
  const left = usageOf(server.pids()).descriptors - resting;
  const still = [...open].filter(([, count]) => count > 0).map(([kind, count]) => `${count} that ${kind}`);
  check(
    areGone,
    `${left} descriptors are open after ${goneMs / 1000} s; by their clients: ${still.join(", ")}`,
  );
  check(server.isRunning(), "the server has ended");
  check(server.complaints() === "", "the server takes what clients did for its own mistake");
  await good.judge(during, findings);
  return {
    done: `${all} clients of ${Object.keys(kinds).length} kinds that do not get on, at once, and ${vanishing} that vanish in the middle of a body; time-outs of 2, 3 and 4 s`,
    required: `${paceRequired(good)}; all bad ones are gone within ${goneMs / 1000} s`,
    seen: `${paceSeen(good, during)}; gone after ${(goneAfterMs / 1000).toFixed(1)} s`,
    faults,
  };
}
