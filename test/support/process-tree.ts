import { readdirSync, readFileSync } from "node:fs";

/** Returns the ids of the running child processes of a process on Linux; empty if the process has ended. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
  } catch (error) {
    if (isNoProcess(error)) {
      return [];
    }
    throw error;
  }
}

/** Returns whether a process runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (error) {
    if (isNoProcess(error)) {
      return false;
    }
    throw error;
  }
}

/** Returns whether reading from `/proc` failed because the process has ended. */
export function isNoProcess(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ESRCH";
}
