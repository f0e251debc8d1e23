import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Creates an empty directory that is removed when the running test ends. */
export async function dataDirectory(): Promise<string> {
  const directory = await makeDirectory();
  onTestFinished(() => removeDirectory(directory));
  return directory;
}

/** Creates an empty directory. The caller removes it. */
export function makeDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), "mdps-test-"));
}

export function removeDirectory(directory: string): Promise<void> {
  return rm(directory, { recursive: true, force: true });
}

/** Returns the files of a directory with their contents, sorted by name. */
export async function bytesIn(directory: string): Promise<{ name: string; bytes: Buffer }[]> {
  const names = (await readdir(directory)).sort();
  return Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(directory, name)) })));
}
