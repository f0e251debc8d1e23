import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "../fuzz/random.ts";
import type { NotRun, Row, Scenario, ScenarioContext } from "./scenario.ts";
import { type Served, startServed } from "./served.ts";

export type RunOptions = Pick<ScenarioContext, "seconds"> & { seed: number };

/** The outcome of a scenario, and the last lines on standard error of the last server that it started. */
export type Run = { readonly outcome: Row | NotRun; readonly stderrTail: string };

/** Runs a scenario and cleans up after it. A scenario that throws an error has failed. */
export async function runScenario(scenario: Scenario, { seed, seconds }: RunOptions): Promise<Run> {
  const servers: Served[] = [];
  const endings: (() => void | Promise<void>)[] = [];
  const context: ScenarioContext = {
    random: createRandom(seed),
    seconds,
    async serve(options) {
      // Only errors, because a load would log a line per request.
      const args = ["--log-level", "error", "--admin", "127.0.0.1:0", ...(options.args ?? [])];
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
    const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
    outcome = { action: "–", expected: "the scenario completes", observed: "an error", problems: [problem] };
  }
  await Promise.all(servers.filter((server) => server.isRunning()).map(end));
  const leftOvers: string[] = [];
  for (const work of endings.toReversed()) {
    try {
      await work();
    } catch (error) {
      leftOvers.push(`cleanup failed: ${error}`);
    }
  }
  if (!("notRun" in outcome)) {
    outcome = { ...outcome, problems: [...outcome.problems, ...leftOvers] };
  }
  return { outcome, stderrTail: servers.at(-1)?.stderrTail() ?? "" };
}

async function end(server: Served): Promise<void> {
  const pids = server.pids();
  server.signal("SIGKILL");
  await server.ended;
  for (const pid of pids.slice(1)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended with its primary, as expected.
    }
  }
}
