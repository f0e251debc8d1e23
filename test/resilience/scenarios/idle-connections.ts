import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { expectedPace, measuredPace, startGoodClient } from "../clients/good-client.ts";
import { eventually } from "../eventually.ts";
import { createFindings, type Row, type ScenarioContext, settingFlags } from "../scenario.ts";
import { usageOf } from "../usage.ts";

const eachKind = 5_000;
const idleSeconds = 30;
const maxKib = 64;
const goneMs = 60_000;

/** Ten thousand connections that make one call and stay open. */
export async function idleConnections(context: ScenarioContext): Promise<Row> {
  const findings = createFindings();
  const { problems, check } = findings;
  const args = settingFlags({ "limits.idleTimeout": `${idleSeconds}s` });
  const server = await context.serve({ data: await context.directory(), args });
  const resting = usageOf(server.pids()).descriptors;
  const good = await startGoodClient(server);
  const start = usageOf(server.pids());

  // Each in its own process, so that no process runs out of descriptors.
  const http1 = holdConnections(context, server.port, eachKind, 0);
  const opened1 = await http1.opened;
  const with1 = usageOf(server.pids());
  const http2 = holdConnections(context, server.port, 0, eachKind);
  const opened2 = await http2.opened;
  const with2 = usageOf(server.pids());
  const during = await good.measure(5);
  const held = http1.left() + http2.left();
  check(
    opened1 + opened2 === 2 * eachKind,
    `only ${opened1} HTTP/1.1 and ${opened2} HTTP/2 connections were answered`,
  );
  check(held === 2 * eachKind, `${2 * eachKind - held} connections were closed at once`);
  const kib1 = (with1.residentBytes - start.residentBytes) / opened1 / 1024;
  const kib2 = (with2.residentBytes - with1.residentBytes) / opened2 / 1024;
  check(Math.max(kib1, kib2) <= maxKib, `a connection takes ${kib1.toFixed(0)} and ${kib2.toFixed(0)} KiB`);
  await good.close();

  const began = performance.now();
  const back = () => usageOf(server.pids()).descriptors <= resting + 2;
  check(
    await eventually(back, goneMs),
    `${usageOf(server.pids()).descriptors - resting} descriptors remain open`,
  );
  const goneAfterMs = performance.now() - began;
  await good.checkPushes(during, findings);
  check(server.isRunning(), "the server has exited");
  return {
    action: `${2 * eachKind} connections stay idle after a call, half HTTP/1.1, half HTTP/2; then the idle timeout of ${idleSeconds} s ends`,
    expected: `none is rejected; each takes at most ${maxKib} KiB; ${expectedPace(good)}; then all descriptors are freed within ${goneMs / 1000} s`,
    observed: `${kib1.toFixed(0)} KiB per HTTP/1.1 connection, ${kib2.toFixed(0)} KiB per HTTP/2 connection; ${measuredPace(good, during)}; all descriptors freed after ${(goneAfterMs / 1000).toFixed(1)} s`,
    problems,
  };
}

type Held = { readonly opened: Promise<number>; left(): number };

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
  child.once("exit", (code) => opened.reject(new Error(`hold-connections exited with ${code}`)));
  opened.promise.catch(() => undefined);
  return { opened: opened.promise, left: () => left };
}
