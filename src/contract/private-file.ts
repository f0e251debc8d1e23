import type { Stats } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { whyUnreadable } from "./file-error.ts";
import { ownerAdvice } from "./file-owner.ts";

/** Raised when a file with a secret cannot be read or others can read it. The message names it and says what to do. */
export class PrivateFileError extends Error {
  override readonly name = "PrivateFileError";
}

/** Returns the text of a file with a secret. Rejects with PrivateFileError. Its cause is the file system's error, if any. */
export async function readPrivateFile(path: string): Promise<string> {
  let isPrivate: boolean;
  let text: string;
  try {
    isPrivate = isPrivateFile(await stat(path));
    text = await readFile(path, "utf8");
  } catch (error) {
    const advice = (error as NodeJS.ErrnoException).code === "EACCES" ? ownerAdvice(path) : "";
    throw new PrivateFileError(`${path} ${whyUnreadable(error)}${advice}`, { cause: error });
  }
  if (!isPrivate) {
    throw new PrivateFileError(`${path} can be read by others than its owner. Run: chmod 600 ${path}`);
  }
  return text;
}

/**
 * Returns whether the permissions of a file protect a secret: only the owner may read it or, if root owns it and this
 * process is not root, its group as well. Kubernetes mounts secrets the latter way, and PostgreSQL accepts it for
 * `ssl_key_file`. Always true on Windows, which has no such permission bits.
 */
export function isPrivateFile(
  { mode, uid }: Pick<Stats, "mode" | "uid">,
  ownUid = process.getuid?.(),
): boolean {
  if (process.platform === "win32") {
    return true;
  }
  const ofOthers = uid === 0 && ownUid !== 0 ? 0o037 : 0o077;
  return (mode & ofOthers) === 0;
}
