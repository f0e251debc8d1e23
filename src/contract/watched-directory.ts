import { statSync } from "node:fs";

/** Raised when a directory is no longer the one that was opened. The message names it and says what to do. */
export class DirectoryChangedError extends Error {
  override readonly name = "DirectoryChangedError";
}

/** Returns what distinguishes an open file at a path from every other file of the machine, or undefined if there is none. */
export function identityAt(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat && `${stat.dev}:${stat.ino}`;
}

/**
 * Remembers a directory. Returns a function that raises DirectoryChangedError if it was removed or replaced since. One that
 * does not exist is remembered by the first call that finds it.
 */
export function watchDirectory(directory: string): () => void {
  const look = () => statSync(directory, { bigint: true, throwIfNoEntry: false });
  let opened = look();
  let knowsBirth = false;
  return function requireUnchanged() {
    const found = look();
    opened ??= found;
    // A new directory often gets the number of a removed one. Where the system does not tell the time of birth, Node
    // returns that of the last change instead.
    knowsBirth ||= [opened, found].some((each) => each && each.birthtimeNs !== each.ctimeNs);
    const isSame = found?.dev === opened?.dev && found?.ino === opened?.ino;
    if (!isSame || (knowsBirth && found?.birthtimeNs !== opened?.birthtimeNs)) {
      const change = found === undefined ? "removed" : "replaced";
      throw new DirectoryChangedError(
        `the directory ${directory} was ${change} while the server used it; put the original directory back, or restart every server that uses it`,
      );
    }
  };
}
