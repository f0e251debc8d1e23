import {
  closeSync,
  constants,
  existsSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Gives a new file or directory to the owner of the directory that it is in, if this process is root. Otherwise files that
 * root creates in the data directory of a service would lock the service out.
 */
export function giveToOwnerOf(directory: string, fd: number): void {
  if (process.geteuid?.() !== 0) {
    return;
  }
  const { uid, gid } = statSync(directory);
  if (uid !== 0) {
    try {
      fchownSync(fd, uid, gid);
    } catch {
      // Root of a container may lack the capability, and some network file systems do not permit it.
    }
  }
}

/** Opens a file that only its owner can access; a new one belongs to the owner of its directory, see `giveToOwnerOf`. */
export async function openPrivateFile(path: string, flags: "wx" | "wx+" | "ax"): Promise<FileHandle> {
  const file = await open(path, flags, 0o600);
  giveToOwnerOf(dirname(path), file.fd);
  return file;
}

/**
 * Creates a directory and its missing parents, accessible only to the owner, see `giveToOwnerOf`. Survives a power loss.
 * Throws the error of the system.
 */
export function makePrivateDirectories(directory: string): void {
  makeMissing(resolve(directory));
}

// Not mkdir's `recursive`, which in Node never returns where the parent exists and mkdir fails with ENOENT, as in /proc.
function makeMissing(directory: string): void {
  const parent = dirname(directory);
  if (!existsSync(parent)) {
    makeMissing(parent);
  }
  try {
    makeNewDirectory(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
  }
}

/** Creates one directory like `makePrivateDirectories`. Throws the error of the system, also if it exists. */
export function makeNewDirectory(directory: string): void {
  const parent = dirname(directory);
  mkdirSync(directory, { mode: 0o700 });
  if (process.geteuid?.() === 0) {
    // By a descriptor: the owner of the parent could replace the directory by a link to a file of somebody else.
    const made = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    giveToOwnerOf(parent, made);
    closeSync(made);
  }
  try {
    const entries = openSync(parent, "r");
    fsyncSync(entries);
    closeSync(entries);
  } catch {
    // A parent may be writable but not readable. Windows cannot sync directories.
  }
}

/**
 * Returns why a file or directory cannot be used, and a command that helps, if it belongs to another user than that of this
 * process; otherwise an empty string.
 */
export function ownerAdvice(path: string): string {
  const own = process.geteuid?.();
  const found = tryStat(path) ?? tryStat(dirname(path));
  if (own === undefined || own === 0 || found === undefined || found.uid === own) {
    return "";
  }
  const place = found.path === path ? "It" : found.path;
  const belongs = `. ${place} belongs to ${nameOf(found.uid) ?? `uid ${found.uid}`}, and this program runs as ${nameOf(own) ?? `uid ${own}`}`;
  return found.uid === 0
    ? `${belongs}. Run as root: chown${found.isDirectory ? " -R" : ""} ${own}:${process.getegid?.()} ${found.path}`
    : `${belongs}. Run the command as that user: sudo -u ${nameOf(found.uid) ?? `'#${found.uid}'`} mdps …`;
}

function tryStat(path: string): { path: string; uid: number; isDirectory: boolean } | undefined {
  try {
    const stats = statSync(path);
    return { path, uid: stats.uid, isDirectory: stats.isDirectory() };
  } catch {
    return undefined;
  }
}

/** Returns the name of a local user. */
function nameOf(uid: number): string | undefined {
  try {
    const lines = readFileSync("/etc/passwd", "utf8").split("\n");
    return lines.map((line) => line.split(":")).find(([, , id]) => id === String(uid))?.[0];
  } catch {
    return undefined;
  }
}
