import type { Stats } from "node:fs";
import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { readServiceAccounts } from "../auth/accounts/list-file.ts";
import { loadSigningKey } from "../auth/signing-key.ts";
import { isPrivateFile } from "../contract/private-file.ts";
import type { Report } from "./finding.ts";

const uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

/** Files of a data directory, each with the check of its content. */
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

/** Temporary files, which a killed program leaves behind. */
const temporaryFiles: readonly RegExp[] = [
  new RegExp(`^\\.snapshot-${uuid}$`),
  new RegExp(`^(signing-key\\.json|service-accounts\\.json|log\\.key)\\.${uuid}$`),
  /^service-accounts\.json\.lock$/,
];

/** Folder with an empty file for each used assertion. */
const assertions = "used-assertions";

const temporary = "is a temporary file; remove it unless a program is writing it now";
const unexpected = "does not belong in a data directory; move it elsewhere";

/**
 * Reports unexpected files of a data directory, wrong permissions, and invalid keys and service accounts. Read-only.
 * Resolves with the number of expected files. Rejects with the system's error if the directory cannot be read.
 */
export async function checkDirectory(directory: string, report: Report): Promise<number> {
  const names = (await readdir(directory)).sort();
  await checkMode(directory, ".", 0o700, report);
  let known = 0;
  for (const name of names) {
    const checkContent = Object.hasOwn(files, name) ? files[name] : undefined;
    if (checkContent !== undefined) {
      known += 1;
      if (await checkMode(directory, name, 0o600, report)) {
        try {
          await checkContent(directory);
        } catch (error) {
          report({ severity: "error", place: name, problem: (error as Error).message });
        }
      }
    } else if (name === assertions) {
      await checkMode(directory, name, 0o700, report);
      await checkAssertions(directory, report);
    } else {
      const isTemporary = temporaryFiles.some((pattern) => pattern.test(name));
      const problem = isTemporary ? temporary : unexpected;
      report({ severity: "warning", place: name, problem });
    }
  }
  return known;
}

/** Reports a wrong type or wrong permissions of a file. Resolves with whether both are right. */
async function checkMode(directory: string, name: string, mode: number, report: Report): Promise<boolean> {
  const path = join(directory, name);
  const found = await stat(path).catch(() => lstat(path));
  const isDirectory = mode === 0o700;
  if (isDirectory ? !found.isDirectory() : !found.isFile()) {
    const problem = `is not a ${isDirectory ? "directory" : "regular file"}; move it elsewhere`;
    report({ severity: "error", place: name, problem });
    return false;
  }
  if (isPrivateFile(found) || (name === "." && isVolumeOfOwnGroup(found))) {
    return true;
  }
  const shown = (bits: number) => (bits & 0o777).toString(8);
  const problem = `is accessible to other users (mode ${shown(found.mode)}). Run: chmod ${shown(mode)} ${path}`;
  report({ severity: "error", place: name, problem });
  return false;
}

/**
 * Returns whether a directory is what Kubernetes makes of a volume for an `fsGroup`: of root, and for the group that this
 * process is in. The process can neither change its mode nor do without the group. The files in it are its own.
 */
function isVolumeOfOwnGroup({ mode, uid, gid }: Stats): boolean {
  const isOfRoot = uid === 0 && process.geteuid?.() !== 0;
  return isOfRoot && (mode & 0o007) === 0 && process.getgroups?.().includes(gid) === true;
}

async function requireLogKey(directory: string): Promise<void> {
  const text = await readFile(join(directory, "log.key"), "utf8");
  if (Buffer.from(text.trim(), "base64url").length !== 32) {
    throw new Error("is not a key of 32 bytes. Restore it from a backup, or remove it to create a new one");
  }
}

async function checkAssertions(directory: string, report: Report): Promise<void> {
  const names = await readdir(join(directory, assertions)).catch(() => []);
  for (const name of names.filter((each) => !/^[0-9a-f]{64}$/.test(each))) {
    report({ severity: "warning", place: `${assertions}/${name}`, problem: unexpected });
  }
}
