import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** The names that each public entry point exports, by specifier: values as `Name`, types as `type Name`. */
export type ExportedNames = Readonly<Record<string, readonly string[]>>;

const declaration =
  /^export (?:declare )?(?:abstract )?(?:async )?(function\*?|const|let|class|type|interface|enum) (\w+)/gm;
const list = /^export (type )?\{([^}]*)\}(?: from "([^"]+)")?/gm;
const all = /^export \* from "([^"]+)"/gm;

/**
 * Reads the exports of a package from its sources, formatted by Biome so that every statement begins a line. For targets
 * in `dist/`, reads the file that they are compiled from. Throws for an entry point without a source.
 */
export function exportedNames(root: string): ExportedNames {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: object };
  const names: Record<string, readonly string[]> = {};
  for (const [specifier, target] of Object.entries(exports)) {
    for (const source of new Set(targetsOf(target).flatMap((one) => sourcesOf(root, one)))) {
      const star = specifier.includes("*") ? `./${relative(root, source).replace(/\.ts$/, "")}` : specifier;
      const found = [...(names[star] ?? []), ...namesOf(source)];
      names[star] = [...new Set(found)].sort();
    }
  }
  return names;
}

/** Returns every file that an entry point may resolve to, under any condition. */
function targetsOf(target: unknown): string[] {
  if (typeof target === "string") {
    return [target];
  }
  return typeof target === "object" && target !== null ? Object.values(target).flatMap(targetsOf) : [];
}

function sourcesOf(root: string, target: string): string[] {
  const path = target
    .replace(/^\.\/(dist\/)?/, "")
    .replace(/(\.d\.ts|\.js)$/, ".ts")
    .replace(/\/\*$/, "/*.ts");
  if (!path.endsWith(".ts")) {
    return [];
  }
  const files = path.includes("*") ? globSync(path.replace("*", "**/*"), { cwd: root }).sort() : [path];
  // A folder of data, such as the protos.
  if (files.length === 0 && target.endsWith("/*") && existsSync(join(root, dirname(path)))) {
    return [];
  }
  const missing = files.length === 0 ? path : files.find((file) => !existsSync(join(root, file)));
  if (missing !== undefined) {
    throw new Error(`package.json exports ${target}, but its source ${missing} does not exist`);
  }
  return files.map((file) => join(root, file));
}

/** Returns the names that a file exports, including those of `export * from`. */
function namesOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const names = [...text.matchAll(declaration)].map(([, kind, name = ""]) =>
    kind === "type" || kind === "interface" ? `type ${name}` : name,
  );
  for (const [, allTypes, items = ""] of text.matchAll(list)) {
    for (const item of items.split(",").map((one) => one.trim())) {
      if (item === "") {
        continue;
      }
      const name = item.split(/ as |^type /).at(-1) ?? item;
      names.push(allTypes !== undefined || item.startsWith("type ") ? `type ${name}` : name);
    }
  }
  for (const [, from = ""] of text.matchAll(all)) {
    names.push(...namesOf(join(dirname(file), from)));
  }
  return names;
}
