import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { StoreOpenError } from "../plan-store.ts";
import { messageWithAdvice } from "./error.ts";

/**
 * Creates a directory and its missing parents, accessible only to the owner, and checks that an existing one is
 * writable. Raises StoreOpenError.
 */
export function makePrivateDirectory(directory: string): void {
  let problem: string | undefined = "a file is in its place";
  try {
    makeMissing(resolve(directory));
    if (statSync(directory).isDirectory()) {
      problem = undefined;
    }
  } catch (error) {
    if (!hasCode(error, "ENOTDIR")) {
      problem = messageWithAdvice(error);
    }
  }
  if (problem !== undefined) {
    throw new StoreOpenError(
      `cannot create the directory ${directory} for the store: ${problem}; choose another directory`,
    );
  }
  requireWritable(directory);
}

/**
 * Creates an empty file, accessible only to the owner, and checks that an existing one is writable. Does not open an
 * existing file, because closing it would drop all locks of this process on it, SQLite's included
 * (https://sqlite.org/howtocorrupt.html, section 2.2). Raises StoreOpenError.
 */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!hasCode(error, "EEXIST")) {
      throw new StoreOpenError(`cannot create ${path}: ${messageWithAdvice(error)}`);
    }
    requireWritable(path);
  }
}

// Not mkdir's `recursive`, which in Node never returns where the parent exists and mkdir fails with ENOENT, as in /proc.
function makeMissing(directory: string): void {
  const parent = dirname(directory);
  if (!existsSync(parent)) {
    makeMissing(parent);
  }
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (hasCode(error, "EEXIST")) {
      return;
    }
    throw error;
  }
  sync(parent);
}

/** Makes the entry of a new directory survive a power loss. SQLite does the same for files. */
function sync(parent: string): void {
  try {
    const entries = openSync(parent, "r");
    fsyncSync(entries);
    closeSync(entries);
  } catch {
    // A parent may be writable but not readable. SQLite ignores this too.
  }
}

/**
 * Raises StoreOpenError if a file or directory cannot be written: SQLite silently opens such a file as read-only, and then
 * grants a "lock" that locks nothing.
 */
export function requireWritable(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    const user = process.getuid ? ` by user ${process.getuid()}` : "";
    throw new StoreOpenError(
      `${path} cannot be read and written${user}: ${messageWithAdvice(error)}; change its owner or mode, or choose another directory`,
    );
  }
}

function hasCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}
