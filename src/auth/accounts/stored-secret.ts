import { randomUUID } from "node:crypto";
import { chmod, link, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type PrivateFileError, readPrivateFile } from "../../contract/private-file.ts";

export type KeptSecret = {
  /** Makes the text of the file when there is none. */
  make(): Promise<string>;
  /** Makes the error to raise, of a message that names the file and says what to do. */
  errorOf(message: string, cause?: unknown): Error;
};

/**
 * Returns the text of a private file (`isPrivateFile`) and creates the file on the first call. When several processes
 * do so at once, all get the text of one of them.
 */
export async function readOrCreateSecret(
  directory: string,
  name: string,
  { make, errorOf }: KeptSecret,
): Promise<string> {
  const path = join(directory, name);
  return (await readSecret(path, errorOf)) ?? (await createSecret(directory, path, await make(), errorOf));
}

async function readSecret(path: string, errorOf: KeptSecret["errorOf"]): Promise<string | undefined> {
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

async function createSecret(
  directory: string,
  path: string,
  text: string,
  errorOf: KeptSecret["errorOf"],
): Promise<string> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(draft, 0o600);
    // A link fails where a rename would replace: of several processes the first one's secret stays.
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw errorOf(
        `${path} cannot be made: ${(error as Error).message}. Choose a directory that can be written.`,
        error,
      );
    }
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(path, "utf8");
}
