const adviceOfCode: Readonly<Record<string, string>> = {
  ENOSPC: "free space on the disk",
  EDQUOT: "the disk quota of this user is used up: free space, or raise it",
  EFBIG: "raise the limit on the size of files (ulimit -f)",
  EROFS: "mount the file system for writing, or choose another directory",
  EACCES: "run the command as the owner of the directory, or change its owner or mode",
  EPERM: "run the command as the owner of the directory, or change its owner or mode",
  EIO: "the disk or its connection has failed: check the log of the system",
  EMFILE: "raise the limit on open files (ulimit -n)",
  ENFILE: "raise the limit on open files of the system",
};

/** Returns whether an error is one of the system, such as a full disk, and not a bug of this program. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === "string";
}

/** Returns the message of an error, followed by what to do if it is one of the system. */
export function messageOfFileError(error: unknown): string {
  const { message, code = "" } = error as NodeJS.ErrnoException;
  const advice = adviceOfCode[code];
  return advice === undefined ? message : `${message}; ${advice}`;
}

/** Returns why a file cannot be read, as the end of a sentence that begins with its name, such as `does not exist`. */
export function whyUnreadable(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return "does not exist";
    case "ENOTDIR":
      return "does not exist: its path leads through a file";
    case "EISDIR":
      return "is a directory: pass a file";
    case "EACCES":
    case "EPERM":
      return "cannot be read: this user has no permission to read it, or to enter its directory";
    default:
      return `cannot be read: ${messageOfFileError(error)}`;
  }
}

/** Returns whether an error says that a file cannot grow, so that what it has already may still be overwritten. */
export function isOutOfSpace(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "");
}
