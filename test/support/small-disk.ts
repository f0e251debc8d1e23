import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An in-memory file system of a few MiB. Mounting one requires root. */
export type SmallDisk = {
  readonly directory: string;
  /** Uses all free space. */
  fill(): void;
  /** Frees the space that `fill` used. */
  clear(): void;
  makeReadOnly(): void;
  remove(): void;
};

/** Mounts an empty disk. Throws an Error if that is not possible. */
export function mountSmallDisk(mebibytes: number): SmallDisk {
  const directory = mkdtempSync(join(tmpdir(), "small-disk-"));
  const ballast = join(directory, "ballast");
  try {
    mount("-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", directory);
  } catch (error) {
    rmdirSync(directory);
    throw error;
  }
  return {
    directory,
    fill() {
      const file = openSync(ballast, "w");
      try {
        for (;;) {
          writeSync(file, Buffer.alloc(4096));
        }
      } catch {
        // The disk is full.
      } finally {
        closeSync(file);
      }
    },
    clear: () => rmSync(ballast),
    makeReadOnly: () => mount("-o", "remount,ro", directory),
    remove() {
      execFileSync("umount", [directory], { stdio: "pipe" });
      rmdirSync(directory);
    },
  };
}

/** Returns whether this process may mount a disk. */
export function canMount(): boolean {
  try {
    mountSmallDisk(1).remove();
    return true;
  } catch {
    return false;
  }
}

function mount(...args: string[]): void {
  execFileSync("mount", args, { stdio: "pipe" });
}
