import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { getOption, hasOption } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ErrorReasonSchema, reason_spec } from "../gen/mobiledataplansharing/v1/errors_pb.ts";

const root = new URL("..", import.meta.url).pathname;

/** The house, from the roof down: a folder may use what is on a floor below its own. */
const floors: readonly (readonly string[])[] = [
  // The command line, and the front of the package.
  ["cli", "index.ts"],
  ["server", "push", "transfer", "check"],
  ["services", "client"],
  ["plans", "store", "auth", "transcoding", "config"],
  ["contract"],
  ["gen"],
];

const floorOf = (folder: string) => floors.findIndex((floor) => floor.includes(folder));

type Import = { readonly from: string; readonly to: string };

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => join("src", path));

const textOf = new Map(sources.map((path) => [path, readFileSync(join(root, path), "utf8")]));

/** `from "x"`, `import "x"`, `import("x")` and the URL of a worker: everything that loads another file. */
const specifiers = /(?:\bfrom\s*|\bimport\s*\(?\s*|new URL\(\s*)["`]((?:\.{1,2}\/|#deps\/)[^"`]+)["`]/g;

/** Imports of files within the project, as paths from its root. */
const imports: readonly Import[] = sources.flatMap((from) =>
  [...(textOf.get(from) ?? "").matchAll(specifiers)].map(([, specifier = ""]) => ({
    from,
    to: specifier.startsWith("#deps/")
      ? specifier.replace("#deps/", "gen/deps/")
      : relative(root, join(root, dirname(from), specifier)).replace(/\$\{\w+\}$/, ".ts"),
  })),
);

function folderOf(path: string): string {
  const [top = "", folder = ""] = path.split("/");
  return top === "src" ? folder : top;
}

const shown = ({ from, to }: Import) => `${from} → ${to}`;

describe("the house", () => {
  it("has a floor for every folder of src", () => {
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.filter((path) => floorOf(folderOf(path)) === -1)).toEqual([]);
  });

  it("is looked at as a whole: imports, workers and generated code are found", () => {
    const targets = imports.map(({ to }) => to);
    expect(targets).toContain("src/contract/api-error.ts");
    expect(targets).toContain("src/store/sqlite/write-worker.ts");
    expect(targets).toContain("gen/mobiledataplansharing/v1/errors_pb.ts");
    expect(targets).toContain("gen/deps/google/rpc/error_details_pb.js");
    expect(targets.filter((path) => path.startsWith("src/") && !textOf.has(path))).toEqual([]);
  });
});

describe("imports", () => {
  it("only go down: never up, and never to a sibling on the same floor", () => {
    const crossing = imports.filter(
      ({ from, to }) => folderOf(from) !== folderOf(to) && to !== "package.json",
    );
    const wrong = crossing.filter(({ from, to }) => floorOf(folderOf(to)) <= floorOf(folderOf(from)));
    expect(wrong.map(shown)).toEqual([]);
  });

  it("never reach into cli or the front", () => {
    const wrong = imports.filter(
      ({ from, to }) => floorOf(folderOf(to)) === 0 && folderOf(from) !== folderOf(to),
    );
    expect(wrong.map(shown)).toEqual([]);
  });

  it("of transcoding from outside name one of its two entry points", () => {
    const entries = ["src/transcoding/index.ts", "src/transcoding/client/index.ts"];
    const wrong = imports.filter(
      ({ from, to }) =>
        folderOf(to) === "transcoding" && folderOf(from) !== "transcoding" && !entries.includes(to),
    );
    expect(wrong.map(shown)).toEqual([]);
  });

  it("within transcoding never lead from client to server or back, and from http or json to neither nor to each other", () => {
    const partOf = (path: string) => /^src\/transcoding\/(client|server|http|json)\//.exec(path)?.[1];
    const wrong = imports.filter(({ from, to }) => {
      const [source, target] = [partOf(from), partOf(to)];
      const isDown = target === "http" || target === "json";
      return (
        source !== undefined &&
        target !== undefined &&
        source !== target &&
        (!isDown || source === "http" || source === "json")
      );
    });
    expect(wrong.map(shown)).toEqual([]);
  });

  it("of package.json are left to cli", () => {
    const wrong = imports.filter(({ from, to }) => to === "package.json" && folderOf(from) !== "cli");
    expect(wrong.map(shown)).toEqual([]);
  });

  it("have no circles", () => {
    const next = Map.groupBy(imports, ({ from }) => from);
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, way: readonly string[]) => {
      if (way.includes(path)) {
        circles.push([...way.slice(way.indexOf(path)), path].join(" → "));
      } else if (!done.has(path)) {
        for (const { to } of next.get(path) ?? []) {
          visit(to, [...way, path]);
        }
        done.add(path);
      }
    };
    for (const path of sources) {
      visit(path, []);
    }
    expect(circles).toEqual([]);
  });
});

describe("reasons of errors", () => {
  const codeOfReason = new Map(
    ErrorReasonSchema.values
      .filter((value) => hasOption(value, reason_spec))
      .map((value) => [value.name, Code[getOption(value, reason_spec).code]]),
  );
  const transcoding = sources.filter((path) => folderOf(path) === "transcoding");

  it("that the code names are those of the contract", () => {
    const named = sources.flatMap((path) =>
      [...(textOf.get(path) ?? "").matchAll(/\bErrorReason\.([A-Z_]+)/g)].map(([, name = ""]) => name),
    );
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !codeOfReason.has(name))).toEqual([]);
  });

  it("that transcoding declares are those of the contract, though it does not know the contract", () => {
    const text = textOf.get("src/transcoding/http/error-body.ts") ?? "";
    const [declaration = ""] = /type TranscodingReason =[^;]+;/.exec(text) ?? [];
    const declared = [...declaration.matchAll(/"([A-Z_]+)"/g)].map(([, name = ""]) => name);
    expect(declared.length).toBeGreaterThan(0);
    expect(declared.filter((name) => !codeOfReason.has(name))).toEqual([]);
  });

  it("that transcoding raises go with the code that the contract gives them", () => {
    const raised = transcoding.flatMap((path) =>
      [
        ...(textOf.get(path) ?? "").matchAll(/\bCode\.(\w+),(?:(?!\bCode\.)[^;])*?\breason: "([A-Z_]+)"/g),
      ].map(([, code, reason = ""]) => ({ reason, code })),
    );
    // Each of these is refused in a place of its own.
    for (const reason of ["ROUTE_NOT_FOUND", "METHOD_NOT_ALLOWED", "REQUEST_TOO_LARGE", "SERVER_FAILURE"]) {
      expect(raised.map((each) => each.reason)).toContain(reason);
    }
    expect(raised.filter(({ reason, code }) => codeOfReason.get(reason) !== code)).toEqual([]);
  });
});
