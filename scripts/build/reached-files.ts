import { readFileSync } from "node:fs";
import { dirname, posix } from "node:path";

/** The specifier of every import and export of compiled code, also of `import("…")` in declarations. */
const specifiers = /\b(?:from|import)\s*\(?\s*"([^"]+)"/g;

/**
 * Returns the compiled files that some entries need, as sorted paths within the folder: the entries and what they import,
 * each with its declarations. Types may reach more files than code.
 */
export function reachedFiles(folder: string, entries: readonly string[]): string[] {
  const reached = new Set<string>();
  const waiting = entries.map((entry) => posix.normalize(entry));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) {
      continue;
    }
    reached.add(path);
    for (const file of [path, declarationsOf(path)]) {
      for (const [, specifier = ""] of readFileSync(posix.join(folder, file), "utf8").matchAll(specifiers)) {
        if (specifier.startsWith(".")) {
          // Declarations name the sources.
          waiting.push(posix.join(dirname(path), specifier).replace(/\.ts$/, ".js"));
        } else if (specifier.startsWith("#deps/")) {
          waiting.push(specifier.replace("#deps/", "gen-deps/"));
        }
      }
    }
  }
  return [...reached].flatMap((path) => [path, declarationsOf(path)]).toSorted();
}

function declarationsOf(path: string): string {
  return path.replace(/\.js$/, ".d.ts");
}
