/** Primary result codes of SQLite, https://sqlite.org/rescode.html. */
export const resultCode = {
  busy: 5,
  noMemory: 7,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  protocol: 15,
  notADatabase: 26,
} as const;

/** Returns the primary result code of an error thrown by node:sqlite; undefined for any other error. */
export function resultCodeOf(error: unknown): number | undefined {
  const { errcode } = Object(error) as { errcode?: unknown };
  // The upper bits have details, such as which system call failed.
  return typeof errcode === "number" ? errcode & 0xff : undefined;
}

const codesOfDatabase: ReadonlySet<number | undefined> = new Set(Object.values(resultCode));

/** Returns whether a statement failed because of the disk or the file, so that the next one would fail too. */
export function concernsWholeDatabase(error: unknown): boolean {
  return codesOfDatabase.has(resultCodeOf(error));
}

/** Returns the message of anything thrown, with advice if a part of the database is damaged. */
export function messageWithAdvice(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return resultCodeOf(error) === resultCode.corrupt
    ? `${message}: a part of the file is damaged, the rest is still served; restore it from a backup, or export the rest`
    : message;
}
