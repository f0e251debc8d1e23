import { readdirSync, readFileSync } from "node:fs";
import { isNoProcess } from "../support/process-tree.ts";

/** Resources that processes use at one moment. */
export type Usage = {
  /** Resident memory, in bytes. */
  readonly residentBytes: number;
  /** Open file descriptors, including sockets. */
  readonly descriptors: number;
};

/** Returns the total usage of some processes, from Linux's `/proc`. A process that has ended uses nothing. */
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
      if (!isNoProcess(error)) {
        throw error;
      }
    }
  }
  return { residentBytes, descriptors };
}
