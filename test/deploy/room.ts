import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

/**
 * A mount namespace: what is mounted in it is seen by nobody else, and gone with it. Commands run in it see the files of
 * this machine otherwise.
 */
export type Room = {
  /** Runs a command to its end and returns what it prints. Raises an Error with its standard error if it fails. */
  run(command: readonly string[], env?: Readonly<Record<string, string>>): string;
  /** Starts a command, which ends with the room. */
  start(command: readonly string[], env?: Readonly<Record<string, string>>): ChildProcess;
  /** Ends what still runs in it, and it. */
  close(): Promise<void>;
};

/** Says what this machine lacks to make rooms with file systems in them; undefined if it lacks nothing. */
export function whyNoRoom(): string | undefined {
  if (process.platform !== "linux") {
    return "there are mount namespaces on Linux only";
  }
  if (process.getuid?.() !== 0) {
    return "only root may mount file systems";
  }
  for (const tool of ["unshare", "nsenter", "setpriv", "chroot", "ip"]) {
    if (spawnSync("which", [tool]).status !== 0) {
      return `${tool} is missing`;
    }
  }
  const overlay =
    "mount -t tmpfs t /mnt && mkdir /mnt/u /mnt/w /mnt/m && mount -t overlay o -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/m";
  const { status, stderr } = spawnSync("unshare", ["--mount", "sh", "-c", overlay], { encoding: "utf8" });
  return status === 0 ? undefined : `no overlay of the root file system can be mounted: ${stderr.trim()}`;
}

/** Makes a room. Only root can. */
export async function openRoom(): Promise<Room> {
  // It ends when its standard input does, so also when this process is killed.
  const keeper = spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", "echo ready; cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(keeper.stdout, "data");
  const started: ChildProcess[] = [];
  const enter = (command: readonly string[]) => ["--target", String(keeper.pid), "--mount", "--", ...command];
  return {
    run(command, env = process.env as Record<string, string>) {
      return execFileSync("nsenter", enter(command), {
        env,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
        maxBuffer: 64 * 1024 * 1024,
      });
    },
    start(command, env = process.env as Record<string, string>) {
      const child = spawn("nsenter", enter(command), { env, stdio: ["ignore", "pipe", "pipe"] });
      started.push(child);
      return child;
    },
    async close() {
      for (const child of [...started, keeper]) {
        if (child.exitCode === null && child.signalCode === null) {
          const ended = once(child, "exit");
          // Of a process namespace the first process, with which the others end. That of a parent which is killed would
          // stay: it has changed its user, and so is no longer told of the parent's end.
          for (const pid of childrenOf(child.pid as number)) {
            process.kill(pid, "SIGKILL");
          }
          child.kill("SIGKILL");
          await ended;
        }
      }
    },
  };
}

/** The processes that a process has started and that still run. */
export function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}
