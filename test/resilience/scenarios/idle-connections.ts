import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { paceRequired, paceSeen, startGoodClient } from "../clients/good-client.ts";
import { eventually } from "../eventually.ts";
import { createFindings, type Row, type ScenarioContext, settingFlags } from "../scenario.ts";
import { usageOf } from "../usage.ts";

const eachKind = 5_000;
const idleSeconds = 30;
const mostKib = 64;
const goneMs = 60_000;

/** Ten thousand connections that have made one call, and are kept. */
export async function idleConnections(context: ScenarioContext): Promise<Row> {
  const findings = createFindings();
  const { faults, check } = findings;
  const args = settingFlags(context, { "limits.idleTimeout": `${idleSeconds}s` });
  const server = await context.serve({ data: await context.directory(), args });
  const resting = usageOf(server.pids()).descriptors;
  const good = await startGoodClient(server);
  const start = usageOf(server.pids());

  // Each in a process of its own, so that no side runs out of descriptors.
  const http1 = holdConnections(context, server.port, eachKind, 0);
  const opened1 = await http1.opened;
  const with1 = usageOf(server.pids());
  const http2 = holdConnections(context, server.port, 0, eachKind);
  const opened2 = await http2.opened;
  const with2 = usageOf(server.pids());
  const during = await good.measure(5);
  const held = http1.left() + http2.left();
  check(opened1 + opened2 === 2 * eachKind, `only ${opened1} and ${opened2} connections were answered`);
  check(held === 2 * eachKind, `${2 * eachKind - held} were closed at once`);
  const kib1 = (with1.residentBytes - start.residentBytes) / opened1 / 1024;
  const kib2 = (with2.residentBytes - with1.residentBytes) / opened2 / 1024;
  check(Math.max(kib1, kib2) <= mostKib, `a connection takes ${kib1.toFixed(0)} and ${kib2.toFixed(0)} KiB`);
  await good.close();

  const began = performance.now();
  if (args === undefined) {
    // By default they may stay for 65 s: who goes here are the clients.
    http1.kill();
    http2.kill();
  }
  const back = () => usageOf(server.pids()).descriptors <= resting + 2;
  check(
    await eventually(back, goneMs),
    `${usageOf(server.pids()).descriptors - resting} descriptors stay open`,
  );
  const goneAfterMs = performance.now() - began;
  await good.judge(during, findings);
  check(server.isRunning(), "the server has ended");
  const by = args === undefined ? "the clients have gone" : `an idle time-out of ${idleSeconds} s`;
  return {
    done: `${2 * eachKind} connections kept idle after a call, half HTTP/1.1, half HTTP/2; then ${by}`,
    required: `none is refused; each takes at most ${mostKib} KiB; ${paceRequired(good)}; then descriptors as before within ${goneMs / 1000} s`,
    seen: `${kib1.toFixed(0)} KiB a connection of HTTP/1.1, ${kib2.toFixed(0)} KiB of HTTP/2; ${paceSeen(good, during)}; descriptors as before after ${(goneAfterMs / 1000).toFixed(1)} s`,
    faults,
  };
}

type Held = { readonly opened: Promise<number>; left(): number; kill(): void };

function holdConnections(context: ScenarioContext, port: number, http1: number, http2: number): Held {
  const script = new URL("../clients/hold-connections.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, String(port), String(http1), String(http2)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  context.atEnd(() => {
    child.kill("SIGKILL");
  });
  const opened = Promise.withResolvers<number>();
  let left = 0;
  createInterface({ input: child.stdout }).on("line", (line) => {
    const [word, count] = line.split(" ");
    left = Number(count);
    if (word === "open") {
      opened.resolve(left);
    }
  });
  child.once("exit", (code) => opened.reject(new Error(`hold-connections ended with ${code}`)));
  opened.promise.catch(() => undefined);
  return { opened: opened.promise, left: () => left, kill: () => child.kill("SIGKILL") };
}
