import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { childrenOf } from "../support/process-tree.ts";

/**
 * A mount namespace. Mounts made in it are invisible outside and disappear with it. Apart from them, commands in it see
 * the files of this machine.
 */
export type MountNamespace = {
  /** Runs a command until it exits and returns its standard output. Throws an Error with its standard error if it fails. */
  run(command: readonly string[], env?: Readonly<Record<string, string>>): string;
  /** Starts a command, which ends with the namespace. */
  start(command: readonly string[], env?: Readonly<Record<string, string>>): ChildProcess;
  /** Kills the started commands that still run, then removes the namespace. */
  close(): Promise<void>;
};

/** Returns why this machine cannot create mount namespaces with overlay file systems; undefined if it can. */
export function whyNoMountNamespace(): string | undefined {
  if (process.platform !== "linux") {
    return "mount namespaces exist on Linux only";
  }
  if (process.getuid?.() !== 0) {
    return "mounting file systems requires root";
  }
  for (const tool of ["unshare", "nsenter", "setpriv", "chroot", "ip"]) {
    if (spawnSync("which", [tool]).status !== 0) {
      return `${tool} is missing`;
    }
  }
  const overlay =
    "mount -t tmpfs t /mnt && mkdir /mnt/u /mnt/w /mnt/m && mount -t overlay o -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/m";
  const { status, stderr } = spawnSync("unshare", ["--mount", "sh", "-c", overlay], { encoding: "utf8" });
  return status === 0 ? undefined : `an overlay of the root file system cannot be mounted: ${stderr.trim()}`;
}

/** Creates a mount namespace. Requires root. */
export async function openMountNamespace(): Promise<MountNamespace> {
  // Ends with its standard input, and therefore also when this process is killed.
  const holder = spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", "echo ready; cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  const started: ChildProcess[] = [];
  const enter = (command: readonly string[]) => ["--target", String(holder.pid), "--mount", "--", ...command];
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
      for (const child of [...started, holder]) {
        if (child.exitCode === null && child.signalCode === null) {
          const ended = once(child, "exit");
          // Kill the first process of a process namespace, which ends the others. It would survive its parent, because
          // the parent-death signal is lost when a process changes its user.
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

/**
 * Mounts a copy of this machine's files on `root`, with its processes and devices. What changes in the copy is written to
 * `upper`; `work` is an empty folder of the same file system.
 */
export function mountCopy(namespace: MountNamespace, root: string, upper: string, work: string): void {
  namespace.run(["mkdir", "-p", root, upper, work]);
  const layers = `lowerdir=/,upperdir=${upper},workdir=${work}`;
  namespace.run(["mount", "-t", "overlay", "base", "-o", layers, root]);
  for (const name of ["proc", "dev"]) {
    namespace.run(["mount", "--rbind", `/${name}`, join(root, name)]);
  }
}
