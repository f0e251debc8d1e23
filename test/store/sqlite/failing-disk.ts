import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A file system that can become read-only while programs write to it, like ext4 on a disk that fails. (A remount fails
 * while a file is open for writing.) Only root may mount one.
 */
export type FailingDisk = {
  readonly directory: string;
  /** From now on every write fails with EROFS. Writes that were not synced are lost. */
  fail(): void;
  /** Unmounts the disk, repairs it and mounts it for writing. No program may have it open. */
  repair(): void;
  remove(): void;
};

/** Creates and mounts a disk of this many MiB. Raises an Error where that is not possible. */
export function mountFailingDisk(mebibytes: number): FailingDisk {
  const directory = mkdtempSync(join(tmpdir(), "failing-disk-"));
  const image = `${directory}.img`;
  // One device for all mounts, because each device has its own cache.
  let device = "";
  let mounted = false;
  const mount = () => {
    run("mount", device, directory);
    mounted = true;
  };
  const unmount = () => {
    run("umount", directory);
    mounted = false;
  };
  try {
    writeFileSync(image, "");
    truncateSync(image, mebibytes * 1024 * 1024);
    run("mkfs.ext4", "-q", "-F", image);
    device = run("losetup", "--find", "--show", image).trim();
    mount();
  } catch (error) {
    if (device !== "") {
      run("losetup", "--detach", device);
    }
    rmSync(image, { force: true });
    rmdirSync(directory);
    throw error;
  }
  return {
    directory,
    fail() {
      run("mount", "-o", "remount,abort", directory);
    },
    repair() {
      unmount();
      check(device);
      mount();
    },
    remove() {
      if (mounted) {
        unmount();
      }
      run("losetup", "--detach", device);
      rmSync(image);
      rmdirSync(directory);
    },
  };
}

/** Returns whether this process may mount such a disk. */
export function canMountFailing(): boolean {
  try {
    mountFailingDisk(1).remove();
    return true;
  } catch {
    return false;
  }
}

/** Replays the journal and repairs the disk; exit code 1 means that errors were corrected (e2fsck(8)). */
function check(device: string): void {
  try {
    run("e2fsck", "-p", device);
  } catch (error) {
    if ((error as { status?: number }).status !== 1) {
      throw error;
    }
  }
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { stdio: "pipe", encoding: "utf8" });
}
