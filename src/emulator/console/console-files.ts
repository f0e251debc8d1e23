import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";

/** Where scripts/console/build-console.ts writes the console. */
export const consoleDirectory = join(import.meta.dirname, "../../../gen-console");

/** A file of the console. */
export type ConsoleFile = {
  /** Path of its URL: `/` for the page itself, else below `/console/`. */
  readonly path: string;
  readonly contentType: string;
  /** Whether its name changes with its content. */
  readonly isImmutable: boolean;
  /** Reads it; the directory may have been built again, so nothing is kept. */
  read(): Promise<Buffer>;
};

const contentTypes: Readonly<Record<string, string | undefined>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
};

/** Returns the files of the console; none if it was not built. */
export function consoleFiles(directory: string): readonly ConsoleFile[] {
  return namesIn(directory).map((name) => ({
    path: name === "index.html" ? "/" : `/console/${name}`,
    contentType: contentTypes[extname(name)] ?? "application/octet-stream",
    isImmutable: /-[0-9A-Z]{8}\.(js|css)$/.test(name),
    read: () => readFile(join(directory, name)),
  }));
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
