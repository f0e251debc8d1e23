import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Makes an empty directory for the running test, which removes it in the end. */
export async function dataDirectory(): Promise<string> {
  const directory = await makeDirectory();
  onTestFinished(() => removeDirectory(directory));
  return directory;
}

/** Makes an empty directory, for whoever removes it. */
export function makeDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), "mdps-test-"));
}

export function removeDirectory(directory: string): Promise<void> {
  return rm(directory, { recursive: true, force: true });
}

/** Returns every file of a directory, by name, with what it has. */
export async function bytesIn(directory: string): Promise<{ name: string; bytes: Buffer }[]> {
  const names = (await readdir(directory)).sort();
  return Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(directory, name)) })));
}
