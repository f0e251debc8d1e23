import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, it } from "vitest";

const entries = ["client/index.ts", "public/client.ts"];
const imports =
  /^\s*(import|export)\s(?:(?!\bfrom\b)[^;])*?from\s+"([^"]+)"|^\s*import\s+"([^"]+)"|import\("([^"]+)"\)/gm;

/** Returns all modules that an entry loads: files by URL, packages by the name in the import. */
function graphOf(start: URL): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = [start];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file.href)) {
      continue;
    }
    files.add(file.href);
    for (const [statement, , from, bare, dynamic] of readFileSync(file, "utf8").matchAll(imports)) {
      const name = from ?? bare ?? dynamic ?? "";
      if (/^\s*(?:import|export)\s+type\s/.test(statement)) {
        continue;
      }
      if (name.startsWith(".")) {
        waiting.push(new URL(name, file));
      } else if (name.startsWith("#deps/")) {
        const path = name.replace("#deps/", "../../../gen-deps/").replace(/\.js$/, ".ts");
        waiting.push(new URL(path, import.meta.url));
      } else {
        packages.add(name);
      }
    }
  }
  return { files, packages };
}

it.each(entries)("transcoding/%s imports nothing of Node, so that browsers can load it", (entry) => {
  const { files, packages } = graphOf(new URL(`../../../src/transcoding/${entry}`, import.meta.url));
  expect(files.size).toBeGreaterThan(15);
  expect(
    [...packages].filter((name) => !/^@(?:bufbuild\/protobuf|connectrpc\/connect)(?:\/|$)/.test(name)),
  ).toEqual([]);
  const { resolve } = createRequire(import.meta.url);
  expect([...packages].map((name) => resolve(name)).filter((path) => path.startsWith("node:"))).toEqual([]);
  for (const file of files) {
    const code = readFileSync(new URL(file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    expect([file, /\b(?:Buffer|process|require|setImmediate)\s*[.(]/.exec(code)?.[0]]).toEqual([
      file,
      undefined,
    ]);
  }
});

it("the walk over imports finds an import of Node", () => {
  expect([...graphOf(new URL("../../../src/transcoding/json/bytes.ts", import.meta.url)).packages]).toContain(
    "node:buffer",
  );
});
