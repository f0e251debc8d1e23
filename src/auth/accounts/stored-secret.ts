import { randomUUID } from "node:crypto";
import { chmod, link, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isPrivateFile } from "../../contract/private-file.ts";

export type KeptSecret = {
  /** Makes the text of the file when there is none. */
  make(): Promise<string>;
  /** Makes the error to raise, of a message that names the file and says what to do. */
  errorOf(message: string, cause?: unknown): Error;
};

/**
 * Returns the text of a file that is kept from others (`isPrivateFile`), and makes it at the first call ever. Safe when several
 * processes come first: all get the text of one of them.
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
  let isPrivate: boolean;
  let text: string;
  try {
    isPrivate = isPrivateFile(await stat(path));
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw errorOf(`${path} cannot be read: ${(error as Error).message}`, error);
  }
  if (!isPrivate) {
    throw errorOf(`${path} can be read by others than its owner. Run: chmod 600 ${path}`);
  }
  return text;
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
