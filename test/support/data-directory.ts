import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
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

/** Returns the files of a directory and its folders with their contents, sorted by path. */
export async function bytesIn(directory: string): Promise<{ name: string; bytes: Buffer }[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return Promise.all(
    paths.sort().map(async (path) => ({ name: relative(directory, path), bytes: await readFile(path) })),
  );
}
