import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Usage } from "../peers/report.ts";

/** A server under test, in a separate process, and what it can tell about the resources that it has used. */
export type Peer<Used = Pick<Usage, "cpuMicros">> = {
  readonly url: string;
  usage(): Promise<Used>;
  stop(): Promise<void>;
};

/** The flags of `npm start`, for all peers. */
const execArgv = (process.env.BENCH_NODE_FLAGS ?? "--max-semi-space-size=32").split(" ").filter(Boolean);

const canPin = spawnSync("taskset", ["--version"]).status === 0;

/** Pins a process to one processor if the system supports it. The load and the server must not share one. */
export function pin(pid: number, processor: number): void {
  if (canPin) {
    spawnSync("taskset", ["-a", "-p", "-c", String(processor), String(pid)]);
  }
}

async function failure(child: ChildProcess, script: string): Promise<never> {
  const [code] = await once(child, "exit");
  throw new Error(`${script} exited with ${code} before it listened`);
}

/** A peer whose memory can be measured. */
export type ScriptPeer = Peer<Usage> & {
  /** Collects garbage, then returns the usage. */
  collect(): Promise<Usage>;
  /** Returns by how much resident memory grows at most while `work` runs, in bytes; garbage is collected before. */
  peakOf(work: () => Promise<unknown>): Promise<number>;
};

/** Starts a script of `peers/`, with further flags of Node or another Node if wanted, and pins it to processor 0. */
export async function startPeer(
  script: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
  execPath = process.execPath,
): Promise<ScriptPeer> {
  const path = join(import.meta.dirname, "../peers", script);
  const child: ChildProcess = fork(path, args, { execPath, execArgv: [...execArgv, ...flags] });
  const [url] = (await Promise.race([once(child, "message"), failure(child, script)])) as [string];
  if (child.pid !== undefined) {
    pin(child.pid, 0);
  }
  const ask = async (question: "usage" | "collect") => {
    child.send(question);
    const [usage] = (await once(child, "message")) as [Usage];
    return usage;
  };
  return {
    url,
    usage: () => ask("usage"),
    collect: () => ask("collect"),
    async peakOf(work) {
      const { rssBytes } = await ask("collect");
      // proc(5): 5 resets the peak of the resident memory.
      writeFileSync(`/proc/${child.pid}/clear_refs`, "5");
      await work();
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024 - rssBytes;
    },
    async stop() {
      child.disconnect();
      await once(child, "exit");
    },
  };
}
