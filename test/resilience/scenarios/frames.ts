import { setTimeout } from "node:timers/promises";
import { brokenConnection, violationNames } from "../clients/broken-frames.ts";
import { floods } from "../clients/floods.ts";
import { expectedPace, measuredPace, startGoodClient } from "../clients/good-client.ts";
import { ended, openRaw } from "../clients/raw-connection.ts";
import { eventually } from "../eventually.ts";
import { createFindings, type Row, type ScenarioContext } from "../scenario.ts";
import { usageOf } from "../usage.ts";

const clients = 12;
const floodFrames = 20_000;
/** How long a client waits for the server to close the connection, in ms. */
const closeTimeoutMs = 30;
/** Timeout for a push during a flood, in ms. */
const floodMs = 10_000;
const maxGrowthMib = 192;

/** Clients that violate HTTP/2 in every known way, and floods of frames that are valid one by one. */
export async function frames(context: ScenarioContext): Promise<Row> {
  const { random } = context;
  const connections = Math.max(3_000, context.seconds * 100);
  const findings = createFindings();
  const { problems, check } = findings;
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
      await Promise.race([ended(socket), setTimeout(closeTimeoutMs)]);
      socket.destroy();
      peakBytes = made % 100 === 0 ? Math.max(peakBytes, usageOf(server.pids()).residentBytes) : peakBytes;
    }
  };
  const attacks = Promise.all(Array.from({ length: clients }, attack));
  const during = await good.measure(5);
  await attacks;

  const cut: string[] = [];
  for (const [name, flood] of Object.entries(floods)) {
    // A client that does not read could fill the memory of the server with answers.
    const socket = openRaw(server.port, { reads: false });
    socket.write(flood(floodFrames));
    await setTimeout(floodMs / 5);
    peakBytes = Math.max(peakBytes, usageOf(server.pids()).residentBytes);
    const alive = await Promise.race([good.push().then(() => true), setTimeout(floodMs, false)]);
    check(alive, `no push is acknowledged within ${floodMs / 1000} s during a flood of ${name}`);
    // Only reading shows that the server has closed the connection.
    socket.resume();
    if (await Promise.race([ended(socket).then(() => true), setTimeout(floodMs / 10, false)])) {
      cut.push(name);
    }
    socket.destroy();
  }

  const growthMib = (peakBytes - start.residentBytes) / 1024 ** 2;
  check(server.isRunning(), "the server has exited");
  check(server.stderrTail() === "", "the server logs errors of clients as its own");
  check(growthMib <= maxGrowthMib, `memory grew by ${growthMib.toFixed(0)} MiB`);
  await good.close();
  const back = () => usageOf(server.pids()).descriptors <= resting + 2;
  check(
    await eventually(back, 30_000),
    `${usageOf(server.pids()).descriptors - resting} descriptors remain open`,
  );
  await good.checkPushes(during, findings);
  return {
    action: `${connections} connections with ${violationNames.length} kinds of HTTP/2 violations, ${clients} at once; ${Object.keys(floods).length} floods of ${floodFrames} frames`,
    expected: `the server keeps running; ${expectedPace(good)}; memory grows by at most ${maxGrowthMib} MiB; all descriptors are freed`,
    observed: `${measuredPace(good, during)}; memory grew by at most ${growthMib.toFixed(0)} MiB; floods closed by the server: ${cut.join(", ") || "none"}`,
    problems,
  };
}
