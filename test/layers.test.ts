import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = new URL("..", import.meta.url).pathname;

/** The folders of `src/`, from the top down: a folder may import from the layers below its own. */
const layers: readonly (readonly string[])[] = [
  // The command line, and the main entry of the package.
  ["cli", "testing", "index.ts"],
  ["emulator", "pull"],
  ["server", "push", "transfer", "check", "contract-diff", "console", "contract-entry.ts"],
  ["services", "client"],
  ["plans", "store", "auth", "transcoding", "config", "examples", "network"],
  ["contract"],
  ["gen"],
  ["codec"],
];

const layerOf = (folder: string) => layers.findIndex((layer) => layer.includes(folder));

type Import = { readonly from: string; readonly to: string };

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => join("src", path));

/** `from "x"`, `import "x"`, `import("x")` and the URL of a worker: everything that loads another file. */
const specifiers = /(?:\bfrom\s*|\bimport\s*\(?\s*|new URL\(\s*)["`]((?:\.{1,2}\/|#deps\/)[^"`]+)["`]/g;

/** Imports of files within the project, as paths from its root. */
const imports: readonly Import[] = sources.flatMap((from) =>
  [...readFileSync(join(root, from), "utf8").matchAll(specifiers)].map(([, specifier = ""]) => ({
    from,
    to: specifier.startsWith("#deps/")
      ? specifier.replace("#deps/", "gen/deps/")
      : relative(root, join(root, dirname(from), specifier)).replace(/\$\{\w+\}$/, ".ts"),
  })),
);

/** The folder of `src/` that a path lies in, or `gen`. */
function folderOf(path: string): string {
  const [top = "", folder = ""] = path.split("/");
  return top === "src" ? folder : top;
}

const shown = ({ from, to }: Import) => `${from} → ${to}`;

describe("the layers", () => {
  it("name every folder of src", () => {
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.filter((path) => layerOf(folderOf(path)) === -1)).toEqual([]);
  });

  it("are those of docs/architecture.md", () => {
    const text = readFileSync(join(root, "docs/architecture.md"), "utf8");
    const listed = [...text.matchAll(/^\| \d \| (.+) \|$/gm)].map(([, row = ""]) =>
      row.replaceAll("`", "").split(", "),
    );
    // Entries of the package are files.
    expect(listed).toEqual(layers.map((layer) => layer.filter((name) => !name.endsWith(".ts"))));
  });

  it("are compared with every import, worker and generated file", () => {
    const targets = imports.map(({ to }) => to);
    expect(targets).toContain("src/contract/api-error.ts");
    expect(targets).toContain("src/store/sqlite/write-worker.ts");
    expect(targets).toContain("gen/mobiledataplansharing/v1/errors_pb.ts");
    expect(targets).toContain("gen/deps/google/rpc/error_details_pb.js");
    expect(targets.filter((path) => path.startsWith("src/") && !sources.includes(path))).toEqual([]);
  });

  it("allow imports downwards only, never upwards or within a layer", () => {
    const crossing = imports.filter(
      ({ from, to }) => folderOf(from) !== folderOf(to) && to !== "package.json",
    );
    const wrong = crossing.filter(({ from, to }) => layerOf(folderOf(to)) <= layerOf(folderOf(from)));
    expect(wrong.map(shown)).toEqual([]);
  });

  it("let other folders import transcoding by its two entry points only", () => {
    const entries = ["src/transcoding/index.ts", "src/transcoding/client/index.ts"];
    const wrong = imports.filter(
      ({ from, to }) =>
        folderOf(to) === "transcoding" && folderOf(from) !== "transcoding" && !entries.includes(to),
    );
    expect(wrong.map(shown)).toEqual([]);
  });

  it("keep the client and the server of transcoding apart, and http above json", () => {
    const below: Readonly<Record<string, readonly string[]>> = {
      client: ["http", "json"],
      server: ["http", "json"],
      http: ["json"],
      json: [],
    };
    const partOf = (path: string) => /^src\/transcoding\/(client|server|http|json)\//.exec(path)?.[1];
    const wrong = imports.filter(({ from, to }) => {
      const [source, target] = [partOf(from), partOf(to)];
      return (
        source !== undefined && target !== undefined && source !== target && !below[source]?.includes(target)
      );
    });
    expect(wrong.map(shown)).toEqual([]);
  });

  it("keep the console apart: it imports what runs in browsers, and nothing imports it", () => {
    const below = ["plans", "examples", "transcoding", "contract", "gen", "codec"];
    const wrong = imports.filter(
      ({ from, to }) =>
        folderOf(from) !== folderOf(to) &&
        ((folderOf(from) === "console" && !below.includes(folderOf(to))) || folderOf(to) === "console"),
    );
    expect(wrong.map(shown)).toEqual([]);
  });

  it("keep Node out of the contract's entry: nothing that it reaches imports a module of Node", () => {
    const reached = new Set(["src/contract-entry.ts"]);
    for (const file of reached) {
      for (const { to } of imports.filter(({ from }) => from === file)) {
        reached.add(to);
      }
    }
    expect([...reached]).toContain("src/plans/acceptance.ts");
    const packages = [...reached]
      .filter((path) => path.startsWith("src/"))
      .flatMap((path) =>
        [...readFileSync(join(root, path), "utf8").matchAll(/\b(?:from|import) "([^"#.][^"]*)"/g)].map(
          ([, name = ""]) => name.split("/").slice(0, 2).join("/"),
        ),
      );
    expect([...new Set(packages)].toSorted()).toEqual([
      "@bufbuild/protobuf",
      "@bufbuild/protovalidate",
      "@connectrpc/connect",
    ]);
    expect([...reached].filter((path) => /require-node|node-version/.test(path))).toEqual([]);
  });

  it("leave package.json to the command line and the check of the Node version", () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        to === "package.json" && folderOf(from) !== "cli" && from !== "src/contract/node-version.ts",
    );
    expect(wrong.map(shown)).toEqual([]);
  });
});

/**
 * The arrows between the children of each folder, files and sub-folders alike: an import belongs to the innermost folder
 * that holds both of its ends.
 */
function arrowsByFolder(): Map<string, Map<string, Set<string>>> {
  const folders = new Map<string, Map<string, Set<string>>>();
  for (const { from, to } of imports.filter(({ to }) => to.startsWith("src/"))) {
    const [a, b] = [from.split("/"), to.split("/")];
    const depth = a.findIndex((part, index) => part !== b[index]);
    const folder = a.slice(0, depth).join("/");
    const child = a[depth] as string;
    const arrows = folders.get(folder) ?? new Map<string, Set<string>>();
    folders.set(folder, arrows.set(child, (arrows.get(child) ?? new Set()).add(b[depth] as string)));
  }
  return folders;
}

/** Returns the first cycle that can be walked from each node, such as `a → b → a`. */
function cyclesIn(arrows: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (node: string, way: readonly string[]) => {
    if (way.includes(node)) {
      cycles.push([...way.slice(way.indexOf(node)), node].join(" → "));
    } else if (!done.has(node)) {
      for (const next of arrows.get(node) ?? []) {
        visit(next, [...way, node]);
      }
      done.add(node);
    }
  };
  for (const node of arrows.keys()) {
    visit(node, []);
  }
  return cycles;
}

describe("inside each folder", () => {
  it("files and sub-folders import each other without cycles", () => {
    const cycles = [...arrowsByFolder()].flatMap(([folder, arrows]) =>
      cyclesIn(arrows).map((cycle) => `${folder}: ${cycle}`),
    );
    expect(cycles).toEqual([]);
  });

  it("would find a cycle", () => {
    const arrows = new Map([
      ["a", new Set(["b"])],
      ["b", new Set(["c"])],
      ["c", new Set(["b"])],
    ]);
    expect(cyclesIn(arrows)).toEqual(["b → c → b"]);
  });
});

describe("a stranger finds their way", () => {
  /** Files of some folders with the sub-folders they lie in, what is installed or built among them left out. */
  const files = ["src", "test", "scripts", "bench", "docs"].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: "utf8" })
      .filter((path) => !/(^|\/)(node_modules|target|build|__pycache__)\//.test(path))
      .map((path) => join(top, path))
      .filter((path) => statSync(join(root, path)).isFile()),
  );
  const folders = new Set(files.map((path) => dirname(path)));

  it("folders have at most 20 files", () => {
    const filesOf = Map.groupBy(files, (path) => dirname(path));
    const crowded = [...filesOf]
      .filter(([folder, inFolder]) => inFolder.length > 20 && folder !== "src/config")
      .map(([folder]) => folder);
    expect(files.length).toBeGreaterThan(300);
    expect(crowded).toEqual([]);
  });

  it("source files have at most 400 lines", () => {
    const long = sources.filter((path) => readFileSync(join(root, path), "utf8").split("\n").length > 401);
    expect(long).toEqual([]);
  });

  it("names of source files say what is in them", () => {
    expect(sources.filter((path) => /\/(utils?|helpers?|misc|common)\.ts$/.test(path))).toEqual([]);
  });

  it("tests lie in the folder that mirrors the sources they test", () => {
    /** Folders of tests that mirror no source: suites, and what tests share. */
    const others = new Set(
      "browser cluster deploy e2e fuzz google-clients interop package proxies resilience scripts support tools vectors".split(
        " ",
      ),
    );
    /** What several tests of a folder share. */
    const shared =
      /^(store\/(conformance|kill)|server\/rpc\/equality|transcoding\/(cases|fixtures)|contract-diff\/fixtures)$/;
    const mirrored = [...folders]
      .filter((folder) => folder.startsWith("test/"))
      .map((folder) => relative("test", folder))
      .filter((folder) => !others.has(folder.split("/")[0] as string) && !shared.test(folder));
    expect(mirrored.length).toBeGreaterThan(10);
    expect(mirrored.filter((folder) => !folders.has(join("src", folder)))).toEqual([]);
  });
});
