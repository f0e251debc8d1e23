import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "../fuzz/random.ts";
import type { NotRun, Row, Scenario, ScenarioContext } from "./scenario.ts";
import { type Served, startServed } from "./served.ts";

export type RunOptions = Pick<ScenarioContext, "seconds" | "flags"> & { seed: number };

/** What came of a scenario, and the last lines of standard error of the last server that it started. */
export type Run = { readonly outcome: Row | NotRun; readonly complaints: string };

/** Runs a scenario and clears away what it started; one that raises an error has failed by it. */
export async function runScenario(scenario: Scenario, { seed, seconds, flags }: RunOptions): Promise<Run> {
  const servers: Served[] = [];
  const endings: (() => void | Promise<void>)[] = [];
  const context: ScenarioContext = {
    random: createRandom(seed),
    seconds,
    flags,
    async serve(options) {
      const args = [
        // A line for every request of a load is nothing that anybody reads.
        ...(flags.has("--log-level") ? ["--log-level", "error"] : []),
        ...(flags.has("--admin") ? ["--admin", "127.0.0.1:0"] : []),
        ...(options.args ?? []),
      ];
      const server = await startServed({ ...options, args });
      servers.push(server);
      return server;
    },
    async directory() {
      const directory = await mkdtemp(join(tmpdir(), `mdps-${scenario.name}-`));
      endings.push(() => rm(directory, { recursive: true, force: true }));
      return directory;
    },
    atEnd: (work) => endings.push(work),
  };
  let outcome: Row | NotRun;
  try {
    outcome = await scenario.run(context);
  } catch (error) {
    const fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
    outcome = { done: "–", required: "that it comes to its end", seen: "an error", faults: [fault] };
  }
  await Promise.all(servers.filter((server) => server.isRunning()).map(end));
  const leftOvers: string[] = [];
  for (const work of endings.toReversed()) {
    try {
      await work();
    } catch (error) {
      leftOvers.push(`not cleared away: ${error}`);
    }
  }
  if (!("notRun" in outcome)) {
    outcome = { ...outcome, faults: [...outcome.faults, ...leftOvers] };
  }
  return { outcome, complaints: servers.at(-1)?.complaints() ?? "" };
}

async function end(server: Served): Promise<void> {
  const pids = server.pids();
  server.signal("SIGKILL");
  await server.ended;
  for (const pid of pids.slice(1)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It went with its primary, as it should.
    }
  }
}
