import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";

/** Where scripts/console/build-console.ts writes the console. */
export const consoleDirectory = join(import.meta.dirname, "../../../gen-console");

/** A file of the console. */
export type ConsoleFile = {
  readonly contentType: string;
  /** Whether its name changes with its content. */
  readonly isImmutable: boolean;
  read(): Promise<Buffer>;
};

const contentTypes: Readonly<Record<string, string | undefined>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
};

/** The page itself, which has the path `/`. */
const page = "index.html";

/**
 * Returns the file of a path of the console: `/`, or `/console/` and a name; undefined if there is none. The directory is
 * read each time, because it may be built again while the emulator runs.
 */
export function findConsoleFile(directory: string, path: string): ConsoleFile | undefined {
  // No name begins with a dot or has a slash, so that no path leaves the directory.
  const [, name = page] = path === "/" ? [] : (/^\/console\/(\w[\w.-]*)$/.exec(path) ?? []);
  if ((name === page) !== (path === "/")) {
    return undefined;
  }
  const file = join(directory, name);
  return statSync(file, { throwIfNoEntry: false })?.isFile()
    ? {
        contentType: contentTypes[extname(name)] ?? "application/octet-stream",
        isImmutable: /-[0-9A-Z]{8}\.(js|css)$/.test(name),
        read: () => readFile(file),
      }
    : undefined;
}
