import { readdirSync, readFileSync } from "node:fs";

/** What processes have of the machine at a moment. */
export type Usage = {
  /** Memory in RAM, in bytes. */
  readonly residentBytes: number;
  /** Open file descriptors, sockets among them. */
  readonly descriptors: number;
};

/** Adds up what some processes use, by Linux's /proc; one that has ended uses nothing. */
export function usageOf(pids: readonly number[]): Usage {
  let residentBytes = 0;
  let descriptors = 0;
  for (const pid of pids) {
    try {
      const [, kibibytes = "0"] =
        /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
      residentBytes += Number(kibibytes) * 1024;
      descriptors += readdirSync(`/proc/${pid}/fd`).length;
    } catch (error) {
      if (!isGone(error)) {
        throw error;
      }
    }
  }
  return { residentBytes, descriptors };
}

/** Returns the processes that a process has started and that live; none if it has ended. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
  } catch (error) {
    if (isGone(error)) {
      return [];
    }
    throw error;
  }
}

/** Says whether a process is there, zombies apart. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (error) {
    if (isGone(error)) {
      return false;
    }
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ESRCH";
}
