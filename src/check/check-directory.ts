import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { readServiceAccounts } from "../auth/accounts/list-file.ts";
import { loadSigningKey } from "../auth/signing-key.ts";
import { isPrivateFile } from "../contract/private-file.ts";
import type { Report } from "./finding.ts";

const uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

/** What the files of a data directory are called, and how one is looked at beyond its mode. */
const files: Readonly<Record<string, (directory: string) => unknown>> = {
  "plans.sqlite": () => undefined,
  "plans.sqlite-wal": () => undefined,
  "plans.sqlite-shm": () => undefined,
  "lock.sqlite": () => undefined,
  "lock.holder": () => undefined,
  "signing-key.json": loadSigningKey,
  "service-accounts.json": readServiceAccounts,
  "log.key": requireLogKey,
};

/** What programs make for a moment, and leave behind when they are killed in it. */
const leftOvers: readonly RegExp[] = [
  new RegExp(`^\\.snapshot-${uuid}$`),
  new RegExp(`^(signing-key\\.json|service-accounts\\.json|log\\.key)\\.${uuid}$`),
  /^service-accounts\.json\.lock$/,
];

/** The folder of empty files that say which assertions were used. */
const assertions = "used-assertions";

/**
 * Looks at the files of a data directory, but not into its records: what is there, what does not belong there, who may
 * read it, and whether keys and service accounts can be used. Changes nothing. Resolves with the number of files that
 * belong there. Rejects with the error of the system if the directory cannot be read.
 */
export async function checkDirectory(directory: string, report: Report): Promise<number> {
  const names = (await readdir(directory)).sort();
  await checkMode(directory, ".", 0o700, report);
  let known = 0;
  for (const name of names) {
    const look = Object.hasOwn(files, name) ? files[name] : undefined;
    if (look !== undefined) {
      known += 1;
      if (await checkMode(directory, name, 0o600, report)) {
        await lookInto(directory, name, look, report);
      }
    } else if (name === assertions) {
      await checkMode(directory, name, 0o700, report);
      await checkAssertions(directory, report);
    } else if (leftOvers.some((pattern) => pattern.test(name))) {
      const problem = "was left by a program that was killed, unless one is at work just now; remove it then";
      report({ severity: "warning", place: name, problem });
    } else {
      const problem = "does not belong into a data directory; move it to another place";
      report({ severity: "warning", place: name, problem });
    }
  }
  return known;
}

/** Says whether a file is a file, and its owner's alone. */
async function checkMode(directory: string, name: string, mode: number, report: Report): Promise<boolean> {
  const path = join(directory, name);
  const found = await stat(path).catch(() => lstat(path));
  const wanted = mode === 0o700 ? found.isDirectory() : found.isFile();
  if (!wanted) {
    const problem = `is no ${mode === 0o700 ? "directory" : "file"}; move it away`;
    report({ severity: "error", place: name, problem });
    return false;
  }
  if (isPrivateFile(found)) {
    return true;
  }
  const shown = (bits: number) => (bits & 0o777).toString(8);
  const problem = `is open to others than its owner (mode ${shown(found.mode)}). Run: chmod ${shown(mode)} ${path}`;
  report({ severity: "error", place: name, problem });
  return false;
}

async function lookInto(
  directory: string,
  name: string,
  look: (directory: string) => unknown,
  report: Report,
): Promise<void> {
  try {
    await look(directory);
  } catch (error) {
    report({ severity: "error", place: name, problem: (error as Error).message });
  }
}

async function requireLogKey(directory: string): Promise<void> {
  const text = await readFile(join(directory, "log.key"), "utf8");
  if (Buffer.from(text.trim(), "base64url").length !== 32) {
    throw new Error("is no key of 32 bytes. Restore it from a backup, or remove it to make a new one");
  }
}

async function checkAssertions(directory: string, report: Report): Promise<void> {
  const names = await readdir(join(directory, assertions)).catch(() => []);
  for (const name of names.filter((each) => !/^[0-9a-f]{64}$/.test(each))) {
    const problem = "does not belong into a data directory; move it to another place";
    report({ severity: "warning", place: `${assertions}/${name}`, problem });
  }
}
