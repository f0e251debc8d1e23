import { accessSync, closeSync, constants, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { giveToOwnerOf, makePrivateDirectories, ownerAdvice } from "../../contract/file-owner.ts";
import { StoreOpenError } from "../plan-store.ts";
import { messageWithAdvice } from "./error.ts";

/**
 * Creates a directory and its missing parents, accessible only to the owner, and checks that an existing one is
 * writable. Raises StoreOpenError.
 */
export function makePrivateDirectory(directory: string): void {
  let problem: string | undefined = "a file is in its place";
  try {
    makePrivateDirectories(directory);
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
    const file = openSync(path, "wx", 0o600);
    giveToOwnerOf(dirname(path), file);
    closeSync(file);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) {
      throw new StoreOpenError(`cannot create ${path}: ${messageWithAdvice(error)}`);
    }
    requireWritable(path);
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
    const advice = ownerAdvice(path) || "; change its owner or mode, or choose another directory";
    throw new StoreOpenError(
      `${path} cannot be read and written${user}: ${messageWithAdvice(error)}${advice}`,
    );
  }
}

function hasCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}
