import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { create } from "@bufbuild/protobuf";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");
const buf = fileURLToPath(import.meta.resolve("@bufbuild/buf/bin/buf"));
const tsc = join(root, "node_modules/typescript/bin/tsc");
const protocGenEs = [process.execPath, join(root, "node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es")];
const plugin = [process.execPath, join(root, "src/codec/plugin/main.ts")];

/** Creates a folder that has the protos of this folder, and in which packages are found as in a project of a user. */
function createProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "mdps-codec-plugin-"));
  mkdirSync(join(folder, "protos/odd/v1"), { recursive: true });
  for (const name of globSync("*.proto", { cwd: import.meta.dirname })) {
    copyFileSync(join(import.meta.dirname, name), join(folder, "protos/odd/v1", name));
  }
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(join(root, "node_modules/@bufbuild"), join(folder, "node_modules/@bufbuild"));
  symlinkSync(join(root, "node_modules/@types"), join(folder, "node_modules/@types"));
  symlinkSync(root, join(folder, "node_modules/mobile-data-plan-sharing"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", sideEffects: false }));
  return folder;
}

type Output = {
  readonly out: string;
  readonly opt: readonly string[];
  readonly strategy?: "directory" | "all";
};

/** Runs protoc-gen-es and the plugin for each output. Returns what buf printed if it failed. */
function generate(folder: string, outputs: readonly Output[]): string | undefined {
  const template = {
    version: "v2",
    inputs: [{ directory: "protos" }],
    plugins: outputs.flatMap(({ out, opt, strategy = "all" }) => [
      { local: protocGenEs, out, opt: opt.filter((each) => !/^(?:runtime|max_items|colour)=/.test(each)) },
      { local: plugin, out, opt, strategy },
    ]),
  };
  return run([buf, "generate", "--template", JSON.stringify(template)], folder);
}

/** Returns what a program printed if it failed. */
function run(command: readonly string[], cwd: string): string | undefined {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd, encoding: "utf8" });
  return status === 0 ? undefined : stdout + stderr;
}

/** Returns the errors of the type check of some folders. */
function typeErrors(folder: string, include: readonly string[], compilerOptions: object): string | undefined {
  const config = join(folder, "tsconfig.json");
  writeFileSync(
    config,
    JSON.stringify({ compilerOptions: { noEmit: true, types: ["node"], ...compilerOptions }, include }),
  );
  return run([tsc, "-p", config], folder);
}

describe("protoc-gen-es-codec", () => {
  const folder = createProject();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const outputs: readonly Output[] = [
    { out: "ts", opt: ["target=ts", "import_extension=ts"] },
    { out: "none", opt: ["target=ts"] },
    { out: "js", opt: ["target=js+dts", "import_extension=js", "max_items=7"], strategy: "directory" },
  ];
  beforeAll(() => {
    expect(generate(folder, outputs)).toBeUndefined();
  });

  it("generates code of any names that passes the type check of this repository", () => {
    const { compilerOptions } = JSON.parse(
      readFileSync(join(root, "tsconfig.json"), "utf8").replace(/^ *\/\/.*$/gm, ""),
    );
    // Enums of protoc-gen-es are not erasable.
    const options = { ...compilerOptions, erasableSyntaxOnly: false, allowUnreachableCode: false };
    expect(typeErrors(folder, ["ts"], options)).toBeUndefined();
  });

  it("generates code that passes the type check of a project with `strict` in Node", () => {
    const options = {
      strict: true,
      module: "nodenext",
      allowImportingTsExtensions: true,
      skipLibCheck: true,
    };
    expect(typeErrors(folder, ["js", "ts"], options)).toBeUndefined();
  });

  it("generates code that passes the type check of a project with a bundler", () => {
    const options = {
      strict: true,
      module: "esnext",
      moduleResolution: "bundler",
      allowImportingTsExtensions: true,
    };
    expect(
      typeErrors(folder, ["none"], { ...options, target: "es2024", skipLibCheck: true }),
    ).toBeUndefined();
  });

  it("writes a module beside each file that has messages, and none for files without", () => {
    const modules = (out: string, ending: string) =>
      globSync(`**/*${ending}`, { cwd: join(folder, out) }).map((path) => path.replaceAll("\\", "/"));
    expect(modules("js", "_codec.d.ts").toSorted()).toEqual([
      "odd/v1/groups_codec.d.ts",
      "odd/v1/names_codec.d.ts",
      "odd/v1/other_codec.d.ts",
    ]);
    expect(existsSync(join(folder, "js/odd/v1/enums_pb.js"))).toBe(true);
  });

  it("gives lists and maps the limit of the option max_items", async () => {
    const { RecursiveCodec, KeysCodec } = await import(join(folder, "js/odd/v1/names_codec.js"));
    expect(RecursiveCodec.maxItems).toEqual({ list: 7, map: 7 });
    const list = (length: number) => ({ list: Array.from({ length }, () => ({})) });
    expect(RecursiveCodec.readJson(list(7))).toBeDefined();
    expect(RecursiveCodec.readJson(list(8))).toBeUndefined();
    const keys = (length: number) => ({
      int32: Object.fromEntries(Array.from({ length }, (_, key) => [key, ""])),
    });
    expect(KeysCodec.readJson(keys(7))).toBeDefined();
    expect(KeysCodec.readJson(keys(8))).toBeUndefined();
  });

  it("writes JSON names that are indexes first, as JSON.stringify does", async () => {
    const { NamesCodec } = await import(join(folder, "js/odd/v1/names_codec.js"));
    const message = create(NamesCodec.desc, { a: "a", b: "b", c: "c", d: "d", e: "e" } as never);
    expect(NamesCodec.writeJson(message)).toBe(
      '{"9":"c","10":"b","__proto__":"a","4294967295":"d","01":"e"}',
    );
  });

  it("takes a JSON name for the last field that has it", async () => {
    const { NamesCodec } = await import(join(folder, "js/odd/v1/names_codec.js"));
    // `bar` is the JSON name of the field foo, and the name of the field bar.
    expect(NamesCodec.readJson({ bar: "x" }).message).toMatchObject({ bar: "x", foo: "" });
    expect(NamesCodec.readJson({ foo: "x" }).message).toMatchObject({ foo: "x", bar: "" });
  });

  it("generates modules of which bundlers keep only what is used", async () => {
    const entry = join(folder, "entry.js");
    writeFileSync(entry, 'export { RecursiveCodec } from "./js/odd/v1/names_codec.js";\n');
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      format: "esm",
      treeShaking: true,
    });
    const [{ text } = { text: "" }] = outputFiles;
    expect(text).toContain("function decodeRecursive(");
    expect([...text.matchAll(/function (?:decode|encode|read|write)(Keys|Scalars|Names|Struct)\b/g)]).toEqual(
      [],
    );
  });
});

describe("protoc-gen-es-codec with an error", () => {
  const folder = createProject();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ["colour=red", 'invalid option "colour=red": expected runtime=MODULE, max_items=NUMBER or an option'],
    ["max_items=0", 'invalid option "max_items=0": expected a whole number of at least 1'],
    ["max_items=many", 'invalid option "max_items=many": expected a whole number of at least 1'],
    ["runtime=", 'invalid option "runtime=": expected a module'],
  ])("rejects the option %s", (option, message) => {
    expect(generate(folder, [{ out: "gen", opt: ["target=ts", option] }])).toContain(message);
  });

  it("names the messages whose codecs and functions would have the same name", () => {
    const source = 'syntax = "proto3";\npackage clash.v1;\nmessage decodeItem {}\nmessage ItemCodec {}\n';
    mkdirSync(join(folder, "protos/clash/v1"), { recursive: true });
    writeFileSync(join(folder, "protos/clash/v1/clash.proto"), source);
    expect(generate(folder, [{ out: "gen", opt: ["target=ts"] }])).toContain(
      "clash.v1.ItemCodec and clash.v1.decodeItem lead to the same name in clash/v1/clash.proto: rename one",
    );
  });
});
