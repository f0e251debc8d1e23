import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Usage } from "../peers/report.ts";
import type { Peer } from "./peer.ts";

const main = join(import.meta.dirname, "../..", "dist", "src", "cli", "main.js");
const node = ["--max-semi-space-size=32", main] as const;

/** The processor that only the load uses. */
export const loadProcessor = availableParallelism() - 1;

/** Runs a command of the built package to its end and returns its output. */
export function runMdps(args: readonly string[]): string {
  return execFileSync(process.execPath, [...node, ...args], {
    encoding: "utf8",
    maxBuffer: 1024 ** 3,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

type ProcessUsage = Pick<Usage, "cpuMicros" | "rssBytes">;

/**
 * Starts `mdps serve` of the built package on a free port, pinned to as many processors as it has workers, but never to
 * that of the load. Its usage is that of all its processes.
 */
export async function startMdps(args: readonly string[], workers: number): Promise<Peer<ProcessUsage>> {
  const many = workers > 1 ? ["--workers", String(workers)] : [];
  const serve = ["serve", "--port", "0", "--json", ...many, ...args];
  const processors = `0-${Math.max(0, Math.min(workers, loadProcessor) - 1)}`;
  const child = spawn("taskset", ["-c", processors, process.execPath, ...node, ...serve], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(child, "exit");
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    ended.then(([code]) => Promise.reject(new Error(`mdps ${serve.join(" ")} exited with ${code}`))),
  ])) as [string];
  const { url } = JSON.parse(line) as { url: string };
  return {
    url,
    usage: async () => usageOf(child.pid as number),
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Returns whether `mdps serve` of the built package has a flag. */
export function canServeWith(flag: string): boolean {
  return spawnSync(process.execPath, [...node, "serve", "--help"], { encoding: "utf8" }).stdout.includes(
    flag,
  );
}

/** Returns CPU time and resident memory of a process and its descendants, from /proc. */
function usageOf(pid: number): ProcessUsage {
  const usages = [pid, ...childrenOf(pid)].map((each) => {
    // The name of the program, in parentheses, may contain spaces.
    const fields = readFileSync(`/proc/${each}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    // utime and stime of proc(5), in ticks of 10 ms; rss in pages of 4 KiB.
    const [user, system, pages] = [11, 12, 21].map((index) => Number(fields[index])) as [
      number,
      number,
      number,
    ];
    return { cpuMicros: (user + system) * 10_000, rssBytes: pages * 4096 };
  });
  return {
    cpuMicros: usages.reduce((sum, usage) => sum + usage.cpuMicros, 0),
    rssBytes: usages.reduce((sum, usage) => sum + usage.rssBytes, 0),
  };
}

function childrenOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const children = tasks.flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...childrenOf(child)]);
}
