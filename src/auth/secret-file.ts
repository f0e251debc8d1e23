import { randomUUID } from "node:crypto";
import { constants, copyFile, link, lstat, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isOutOfSpace, messageOfFileError } from "../contract/file-error.ts";
import { makePrivateDirectories, openPrivateFile } from "../contract/file-owner.ts";
import { type PrivateFileError, readPrivateFile } from "../contract/private-file.ts";

type SecretFileOptions = {
  /** Returns the text of the file when there is none yet. */
  create(): Promise<string>;
  /** Returns the error to throw. The message names the file and says what to do. */
  errorOf(message: string, cause?: unknown): Error;
};

/**
 * Returns the text of a file that only its owner can read (`isPrivateFile`). Creates the file if it does not exist. If
 * several processes do so at once, all of them get the text of the first.
 */
export async function readOrCreateSecret(
  directory: string,
  name: string,
  { create, errorOf }: SecretFileOptions,
): Promise<string> {
  const path = join(directory, name);
  const text = await readSecret(path, errorOf);
  if (text !== undefined) {
    return text;
  }
  const created = await create();
  try {
    makePrivateDirectories(directory);
    // Unlike a rename, a link fails if the file exists: the secret of the first process stays.
    await writeSecret(path, created, link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw errorOf(`${path} cannot be created: ${messageOfFileError(error)}`, error);
    }
  }
  return readFile(path, "utf8");
}

/** Replaces a file that only its owner can read. Readers see the old text or the new one, also after a power loss. */
export function replaceSecret(path: string, text: string | Uint8Array): Promise<void> {
  return writeSecret(path, text, rename);
}

/**
 * Like `replaceSecret`, but on a full disk overwrites the file in the space that it has already, so that an account can be
 * revoked there. A power failure at this moment may leave a file that is neither the old text nor the new one. Rejects
 * with the error of the full disk if the text needs more space.
 */
export async function replaceSecretInAnyCase(path: string, text: string): Promise<void> {
  try {
    await replaceSecret(path, text);
  } catch (error) {
    const file = isOutOfSpace(error) ? await open(path, "r+").catch(() => undefined) : undefined;
    if (file === undefined) {
      throw error;
    }
    try {
      const { size, blocks } = await file.stat();
      // Padded with empty lines: with the rest of a longer old text, a crash could leave both.
      const padded = text.padEnd(text.length + size - Buffer.byteLength(text), "\n");
      if (Buffer.byteLength(padded) > Math.max(size, blocks * blockBytes)) {
        throw error;
      }
      await file.write(Buffer.from(padded), 0, undefined, 0);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

/** Unit of `Stats.blocks`. */
const blockBytes = 512;

async function readSecret(path: string, errorOf: SecretFileOptions["errorOf"]): Promise<string | undefined> {
  try {
    return await readPrivateFile(path);
  } catch (error) {
    const { message, cause } = error as PrivateFileError;
    if ((cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT") {
      return undefined;
    }
    throw errorOf(message, cause);
  }
}

/** A new file that only its owner can read, before it has its text. Call one of the two functions. */
export type NewSecret = {
  /** Writes the text and gives the file its name. Rejects with the error of the system, also if the file exists by now. */
  commit(text: string): Promise<void>;
  discard(): Promise<void>;
};

/**
 * Prepares a new file: whether its directory can be written is known before there is something to write. Rejects with the
 * error of the system, with the code EEXIST if there is such a file or a link.
 */
export async function prepareSecret(path: string): Promise<NewSecret> {
  if (await exists(path)) {
    throw Object.assign(new Error(`EEXIST: file already exists, open '${path}'`), { code: "EEXIST" });
  }
  const draft = await openDraft(path);
  return { commit: (text) => draft.commit(text, linkOrCopy), discard: draft.discard };
}

function exists(path: string): Promise<boolean> {
  // Not of the target of a link, which may not exist yet.
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") {
        return false;
      }
      throw error;
    },
  );
}

/** Gives a file a second name, or copies it where the file system has no links. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes((error as NodeJS.ErrnoException).code ?? "")) {
      throw error;
    }
    await copyFile(from, to, constants.COPYFILE_EXCL);
  }
}

type Place = (from: string, to: string) => Promise<void>;

async function writeSecret(path: string, text: string | Uint8Array, place: Place): Promise<void> {
  await (await openDraft(path)).commit(text, place);
}

/** Opens a draft beside a file, to move it into place with `rename` or `link` when it is written. */
async function openDraft(path: string) {
  const draft = `${path}.${randomUUID()}`;
  const file = await openPrivateFile(draft, "wx");
  const discard = async () => {
    await file.close();
    await rm(draft, { force: true });
  };
  const commit = async (text: string | Uint8Array, place: Place) => {
    try {
      // The umask may have removed permissions of the owner.
      await file.chmod(0o600);
      await file.writeFile(text);
      await file.sync();
      await place(draft, path);
      await syncDirectory(dirname(path));
    } finally {
      await discard();
    }
  };
  return { commit, discard };
}

/** Makes new entries of a directory survive a power loss, if the system supports it. */
export async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(path, "r");
    await directory.sync().finally(() => directory.close());
  } catch {
    // Windows cannot sync a directory.
  }
}
