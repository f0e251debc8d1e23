import { setTimeout } from "node:timers/promises";
import { brokenConnection, waysToBreak } from "../clients/broken-frames.ts";
import { floods } from "../clients/floods.ts";
import { paceRequired, paceSeen, startGoodClient } from "../clients/good-client.ts";
import { ended, openRaw } from "../clients/raw-connection.ts";
import { eventually } from "../eventually.ts";
import { createFindings, type Row, type ScenarioContext } from "../scenario.ts";
import { usageOf } from "../usage.ts";

const clients = 12;
const floodFrames = 20_000;
/** How long a client waits to be told that it is wrong, in ms. */
const patienceMs = 30;
/** How long one flood may take to be read or cut off, in ms. */
const floodMs = 10_000;
const mostGrowthMib = 192;

/** Clients that break HTTP/2 in every way that we know, and floods of frames that are right one by one. */
export async function frames(context: ScenarioContext): Promise<Row> {
  const { random } = context;
  const connections = Math.max(3_000, context.seconds * 100);
  const findings = createFindings();
  const { faults, check } = findings;
  const server = await context.serve({ data: await context.directory() });
  const resting = usageOf(server.pids()).descriptors;
  const good = await startGoodClient(server);
  const start = usageOf(server.pids());
  let peakBytes = start.residentBytes;

  let made = 0;
  const attack = async () => {
    while (made < connections && server.isRunning()) {
      made += 1;
      const { bytes } = brokenConnection(random);
      const socket = openRaw(server.port);
      socket.write(bytes);
      await Promise.race([ended(socket), setTimeout(patienceMs)]);
      socket.destroy();
      peakBytes = made % 100 === 0 ? Math.max(peakBytes, usageOf(server.pids()).residentBytes) : peakBytes;
    }
  };
  const attacks = Promise.all(Array.from({ length: clients }, attack));
  const during = await good.measure(5);
  await attacks;

  const cut: string[] = [];
  for (const [name, flood] of Object.entries(floods)) {
    // One that does not read fills the server's memory with answers, if the server lets it.
    const socket = openRaw(server.port, { reads: false });
    socket.write(flood(floodFrames));
    await setTimeout(floodMs / 5);
    peakBytes = Math.max(peakBytes, usageOf(server.pids()).residentBytes);
    const alive = await Promise.race([good.push().then(() => true), setTimeout(floodMs, false)]);
    check(alive, `during a flood of ${name} no push is acknowledged within ${floodMs / 1000} s`);
    // What has been cut off is seen by reading only.
    socket.resume();
    if (await Promise.race([ended(socket).then(() => true), setTimeout(floodMs / 10, false)])) {
      cut.push(name);
    }
    socket.destroy();
  }

  const growthMib = (peakBytes - start.residentBytes) / 1024 ** 2;
  check(server.isRunning(), "the server has ended");
  check(server.complaints() === "", "the server takes what clients did for its own mistake");
  check(growthMib <= mostGrowthMib, `memory grew by ${growthMib.toFixed(0)} MiB`);
  await good.close();
  const back = () => usageOf(server.pids()).descriptors <= resting + 2;
  check(
    await eventually(back, 30_000),
    `${usageOf(server.pids()).descriptors - resting} descriptors stay open`,
  );
  await good.judge(during, findings);
  return {
    done: `${connections} connections with ${waysToBreak.length} kinds of broken HTTP/2, ${clients} at once; ${Object.keys(floods).length} floods of ${floodFrames} frames`,
    required: `the server lives; ${paceRequired(good)}; memory grows by less than ${mostGrowthMib} MiB; descriptors as before`,
    seen: `${paceSeen(good, during)}; memory +${growthMib.toFixed(0)} MiB at most; cut off by the server: ${cut.join(", ") || "no flood"}`,
    faults,
  };
}
