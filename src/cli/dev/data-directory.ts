import { randomUUID } from "node:crypto";
import { accessSync, constants, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makePrivateDirectories } from "../../contract/file-owner.ts";
import { defaultDataDirectory } from "../options/data-directory.ts";

/** Where the emulator keeps its signing key and service accounts, if nobody says where. */
export type DevDirectory = {
  readonly path: string;
  /** Whether the directory ends with the process, because the user has no other. */
  readonly isTemporary: boolean;
};

/**
 * Returns the default data directory, which `mdps token` and `mdps service-account` use too. Without a home directory, or
 * if it cannot be written, such as in a container, returns the path of a temporary one.
 */
export function devDirectory(): DevDirectory {
  const own = defaultDataDirectory();
  return own !== undefined && isWritable(own)
    ? { path: own, isTemporary: false }
    : { path: join(tmpdir(), `mdps-dev-${randomUUID()}`), isTemporary: true };
}

/** Removes a temporary directory when the process ends. */
export function removeAtExit(directory: string): void {
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
}

function isWritable(directory: string): boolean {
  try {
    makePrivateDirectories(directory);
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
