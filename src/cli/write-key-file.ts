import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { KeyFile } from "../auth/accounts/administration.ts";
import { prepareSecret } from "../auth/secret-file.ts";
import { messageOfFileError } from "../contract/file-error.ts";
import { programLine, quoted } from "./program-line.ts";
import { UsageError } from "./usage-error.ts";

type KeyPlace = {
  /** File for the key; none or `-` for standard output. */
  readonly out: string | undefined;
  /** Data directory of the account. */
  readonly data: string;
};

/**
 * Makes a key and writes its file, with mode 0600. The file must not exist: a key file is the only copy of its private key.
 * Rejects with UsageError before the key is made if the file cannot be written, and afterwards with what to remove.
 */
export async function writeKeyFile(place: KeyPlace, make: () => Promise<KeyFile>): Promise<void> {
  const { out } = place;
  if (!out || out === "-") {
    await printKey(place, await make());
    return;
  }
  const file = await prepareSecret(out).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--out ${out}: ${problemOf(out, error)}`);
  });
  let key: KeyFile;
  try {
    key = await make();
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.commit(textOf(key)).catch((error: unknown) => {
    throw new UsageError(
      `--out ${out}: cannot be written: ${messageOfFileError(error)}. ${lost(place, key)}`,
    );
  });
  console.log(`${out}: key ${key.private_key_id} of ${key.client_email}`);
}

/** Says why a file cannot be made, and what to do. */
function problemOf(out: string, error: NodeJS.ErrnoException): string {
  const directory = dirname(out);
  switch (error.code) {
    case "EEXIST":
      return statSync(out, { throwIfNoEntry: false })?.isDirectory()
        ? `is a directory: pass the name of a new file in it, such as ${join(out, "key.json")}`
        : "exists, and a key file is never overwritten: pass another name, or move it away";
    case "ENOENT":
    case "ENOTDIR":
      return `${directory} is not a directory: create it first, or pass another name`;
    default:
      return `cannot be written: ${messageOfFileError(error)}`;
  }
}

function printKey(place: KeyPlace, key: KeyFile): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(textOf(key), (error) => {
      if (error) {
        console.error(`mdps: standard output cannot be written. ${lost(place, key)}`);
      }
      resolve();
    });
  });
}

function textOf(key: KeyFile): string {
  return `${JSON.stringify(key, undefined, 2)}\n`;
}

function lost({ data }: KeyPlace, { client_email: email, private_key_id: keyId }: KeyFile): string {
  const command = (name: string) => `${programLine().words} service-account ${name}`;
  const where = ` --data ${quoted(data)}`;
  return (
    `The account ${email} exists with the key ${keyId}, but its private key is lost, because it is not stored. ` +
    `Remove the key: ${command("remove-key")} ${email} ${keyId}${where}, and make another: ${command("add-key")} ${email} --out FILE${where}`
  );
}
