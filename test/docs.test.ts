import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { suites } from "../scripts/test-all.ts";

const root = dirname(import.meta.dirname);
const pages = globSync(
  [
    "*.md",
    ".github/*.md",
    "docs/**/*.md",
    "bench/*.md",
    "scripts/build/*.md",
    "scripts/checks/baseline/*.md",
  ],
  {
    cwd: root,
  },
);
const textOf = new Map(pages.map((page) => [page, readFileSync(join(root, page), "utf8")]));

const tests = new Set(
  readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" }).map((path) => basename(path)),
);

/** Returns the anchors that GitHub gives to the headings of a page. */
function anchorsOf(path: string): string[] {
  const headings = readFileSync(join(root, path), "utf8").matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe("the documentation", () => {
  it.each(pages)("%s has no link to a file or a heading that does not exist", (page) => {
    const links = [...(textOf.get(page) ?? "").matchAll(/\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)/g)];
    const broken = links.filter(([, path = "", anchor = ""]) => {
      const target = path === "" ? page : join(dirname(page), path);
      return !existsSync(join(root, target)) || (anchor !== "" && !anchorsOf(target).includes(anchor));
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  it.each(pages)("%s imports the package by its name, as users do", (page) => {
    const paths = [
      ...(textOf.get(page) ?? "").matchAll(/\bfrom "(\.{1,2}\/(?:src|gen\/mobiledataplansharing)\/[^"]+)"/g),
    ];
    expect(paths.map(([, path]) => path)).toEqual([]);
  });

  it.each(pages)("%s names no source file that does not exist", (page) => {
    // Text in backticks that looks like a path of the repository, a path below src/, or the name of a test.
    const named = [...(textOf.get(page) ?? "").matchAll(/`((?:[\w-]+\/)*(?:[\w.-]+\.(?:ts|proto|json))?)`/g)];
    const missing = named
      .map(([, path = ""]) => path)
      .filter(
        (path) =>
          /^(src|test|scripts|bench|proto|gen|docs|deploy|baseline)\//.test(path) ||
          (/\.ts$/.test(path) && path.includes("/")) ||
          path.endsWith(".test.ts"),
      )
      .filter(
        (path) =>
          ![path, `src/${path}`, `test/${path}`].some((candidate) => existsSync(join(root, candidate))),
      )
      .filter((path) => path.includes("/") || !tests.has(path));
    expect(missing).toEqual([]);
  });

  it.each(pages)("%s names no npm script, suite or benchmark that does not exist", (page) => {
    const text = (textOf.get(page) ?? "").replaceAll("\n", " ");
    const named = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = ""]) => name);
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(named(/`npm run (?:-s )?([\w:-]+)/g).filter((name) => !(name in scripts))).toEqual([]);
    expect(named(/`npm run test:all -- --project ([\w-]+)/g).filter((name) => !(name in suites))).toEqual([]);
    expect(
      named(/`npm run bench -- ([\w-]+)/g).filter(
        (name) =>
          !existsSync(join(root, `bench/${name}.ts`)) && !existsSync(join(root, `bench/${name}/main.ts`)),
      ),
    ).toEqual([]);
  });

  it("docs/architecture.md lists every folder of src, and no folder that does not exist", () => {
    const tree = /```\n(proto\/[\s\S]*?)\n```/.exec(textOf.get("docs/architecture.md") ?? "")?.[1] ?? "";
    const above: string[] = [];
    const listed = tree.split("\n").map((line) => {
      const [, indent = "", folder = ""] = /^( *)([\w/-]+)\//.exec(line) ?? [];
      above.splice(indent.length / 2, above.length, folder);
      return above.join("/");
    });
    const folders = readdirSync(join(root, "src"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `src/${name}`);
    expect(folders.filter((folder) => !listed.includes(folder))).toEqual([]);
    expect(listed.filter((folder) => !existsSync(join(root, folder)))).toEqual([]);
  });
});
