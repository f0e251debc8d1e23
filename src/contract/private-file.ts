import type { Stats } from "node:fs";

/**
 * Says whether a file with a secret is kept from others: only its owner may read it, or, if that is root and the program
 * is not, root and the group that root gave it to. The latter is how Kubernetes hands secrets to programs, and what
 * PostgreSQL takes for its `ssl_key_file`. Windows has no such permission bits: there it is always true, for the directory
 * of the user is the protection.
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
