import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { committedFiles } from "../../../scripts/generate/gen.ts";

const root = join(import.meta.dirname, "../../..");
const textOf = (path: string) => readFileSync(join(root, path), "utf8");
const protos = globSync("mobiledataplansharing/{v1,serving/v1}/*.proto", { cwd: join(root, "proto") });

describe("the Go module gen/go", () => {
  it.each(protos)(
    "the go_package of %s is the import path and the name of its package in gen/go",
    (proto) => {
      const [, path = "", name] =
        /^option go_package = "(.+);(\w+)";$/m.exec(textOf(join("proto", proto))) ?? [];
      const [, module = ""] = /^module (\S+)$/m.exec(textOf("gen/go/go.mod")) ?? [];
      expect(path).toBe(`${module}/${dirname(proto).replaceAll("\\", "/")}`);
      const generated = textOf(
        join("gen/go", path.slice(module.length), `${basename(proto, ".proto")}.pb.go`),
      );
      expect(/^package (\w+)$/m.exec(generated)?.[1]).toBe(name);
    },
  );

  it("requires the versions of protobuf and connect-go whose plugins generate it", () => {
    const versionIn = (path: string, module: string) =>
      new RegExp(`^\\s*${module} v(\\S+)`, "m").exec(textOf(path))?.[1];
    for (const module of ["google.golang.org/protobuf", "connectrpc.com/connect"]) {
      expect(versionIn("gen/go/go.mod", module)).toBe(versionIn("scripts/go-tools/go.mod", module));
    }
  });

  it("has the path of the major version, because Go finds a tag gen/go/v2.0.0 only at …/v2", () => {
    const { version } = JSON.parse(textOf("package.json")) as { version: string };
    const major = Number.parseInt(version, 10);
    const [, suffix] = /^module \S+\/gen\/go(?:\/(v\d+))?$/m.exec(textOf("gen/go/go.mod")) ?? [];
    expect(suffix).toBe(major < 2 ? undefined : `v${major}`);
  });

  it("is compared and cleaned by generation, except go.mod and go.sum", () => {
    const paths = [...committedFiles({ files: new Map() }).keys()];
    expect(paths).toContain("gen/go/mobiledataplansharing/v1/plans.pb.go");
    expect(paths).toContain("gen/openapi.json");
    expect(paths).not.toContain("gen/go/go.mod");
    expect(paths).not.toContain("gen/go/go.sum");
  });

  it("is neither compared nor cleaned by generation on a machine without Go", () => {
    const paths = [...committedFiles({ files: new Map(), goSkipped: "Go is not installed" }).keys()];
    expect(paths).toContain("gen/openapi.json");
    expect(paths.filter((path) => path.startsWith("gen/go/"))).toEqual([]);
  });
});

/** Generates the documents in a copy of the repository whose package has another version. Returns the folder. */
function generateWithVersion(version: string): string {
  const copy = mkdtempSync(join(tmpdir(), "mdps-version-"));
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  for (const path of ["proto", "proto-deps", "server-proto", "scripts/generate", "buf.local.yaml"]) {
    cpSync(join(root, path), join(copy, path), { recursive: true });
  }
  for (const path of ["node_modules", "gen-deps", "gen", "src"]) {
    symlinkSync(join(root, path), join(copy, path));
  }
  writeFileSync(
    join(copy, "package.json"),
    JSON.stringify({ ...JSON.parse(textOf("package.json")), version }),
  );
  const template = parse(textOf("scripts/generate/buf.gen.yaml"));
  template.plugins = template.plugins.filter(({ local }: { local: unknown }) => Array.isArray(local));
  const buf = fileURLToPath(import.meta.resolve("@bufbuild/buf/bin/buf"));
  const args = [
    "generate",
    "--config",
    "buf.local.yaml",
    "--template",
    JSON.stringify(template),
    "-o",
    "out",
  ];
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  execFileSync(process.execPath, [buf, ...args], { cwd: copy, env: { ...process.env, PATH } });
  return join(copy, "out");
}

describe("the version in generated documents", () => {
  it("is that of package.json, so that a new version which was not generated fails the check `generated`", () => {
    const out = generateWithVersion("98.7.6");
    const { version } = JSON.parse(textOf("package.json")) as { version: string };
    const generated = globSync("**/*.{json,md}", { cwd: out });
    const textIn = (path: string) => readFileSync(join(out, path), "utf8");
    const differing = generated.filter((path) => textIn(path) !== textOf(path));
    expect(differing.toSorted()).toEqual([
      "gen/discovery.json",
      "gen/emulator.openapi.json",
      "gen/openapi.json",
    ]);
    for (const path of differing) {
      expect(textIn(path)).toBe(textOf(path).replace(`"${version}"`, '"98.7.6"'));
    }
  }, 60_000);
});
