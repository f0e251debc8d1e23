import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { localConfig } from "../../../scripts/prepare/local-config.ts";

type Module = { readonly path: string; readonly name?: string; readonly includes?: readonly string[] };
type Config = { readonly modules: readonly Module[]; readonly deps: readonly string[] };

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");
const buf = fileURLToPath(import.meta.resolve("@bufbuild/buf/bin/buf"));
const textOf = (name: string) => readFileSync(join(root, name), "utf8");

const published = parse(textOf("buf.yaml")) as Config;
const local = parse(localConfig(textOf("buf.yaml"))) as Config;

describe("buf.local.yaml", () => {
  it("buf.local.yaml of this checkout is made of its buf.yaml", () => {
    expect(textOf("buf.local.yaml"), "run npm run prepare").toBe(localConfig(textOf("buf.yaml")));
  });

  it("buf.local.yaml differs from buf.yaml only in additional modules", () => {
    const { modules, ...rest } = local;
    const { modules: ours, ...publishedRest } = published;
    expect(rest).toEqual(publishedRest);
    expect(modules.slice(0, ours.length)).toEqual(ours);
  });

  it("buf.local.yaml has a module with files for each dependency of buf.yaml and for no other name", () => {
    const copies = local.modules.filter(({ path, name }) => path === "proto-deps" && name !== undefined);
    expect(copies.map(({ name }) => name).toSorted()).toEqual(published.deps.toSorted());
    for (const { includes = [] } of copies) {
      expect(includes.flatMap((folder) => globSync(`${folder}/**/*.proto`, { cwd: root }))).not.toEqual([]);
    }
  });
});

describe("buf.yaml", () => {
  it("buf.yaml has one module, the contract, with a name in the registry", () => {
    expect(published.modules).toEqual([
      { path: "proto", name: "buf.build/mobile-data-plan-sharing/mobile-data-plan-sharing" },
    ]);
  });

  it("the contract compiles with the dependencies of buf.yaml and no other module", async () => {
    const modules = local.modules.filter(({ name }) => name !== undefined);
    const config = JSON.stringify({ ...local, modules });
    const outcome = run(process.execPath, [buf, "build", "proto", "--config", config], { cwd: root });
    await expect(outcome).resolves.toMatchObject({ stderr: "" });
  });

  it("the contract imports each dependency of buf.yaml", () => {
    const protos = globSync("proto/**/*.proto", { cwd: root });
    const imports = protos.flatMap((path) =>
      [...textOf(path).matchAll(/^import "(.+)";$/gm)].map(([, name]) => `proto-deps/${name}`),
    );
    for (const dependency of published.deps) {
      const [folder] = local.modules.find(({ name }) => name === dependency)?.includes ?? [];
      expect(
        imports.filter((path) => path.startsWith(`${folder}/`)),
        dependency,
      ).not.toEqual([]);
    }
  });

  it("buf.yaml names the versions of the packages that the pins of buf.lock were compared with", () => {
    const { devDependencies, dependencies } = JSON.parse(textOf("package.json"));
    const versions: Record<string, string> = { ...devDependencies, ...dependencies };
    const named = [...textOf("buf.yaml").matchAll(/that (?:is|are) in (\S+) (\S+)\.$/gm)];
    expect(named.map(([, name = "", version]) => [name, version, versions[name]])).toEqual(
      ["@bufbuild/protovalidate", "google-gax"].map((name) => [name, versions[name], versions[name]]),
    );
  });

  it("buf.lock pins the dependencies of buf.yaml, each by a commit and a digest", () => {
    const lock = parse(textOf("buf.lock"));
    expect(lock.version).toBe("v2");
    expect(lock.deps.map(({ name }: { name: string }) => name).toSorted()).toEqual(published.deps.toSorted());
    for (const { commit, digest } of lock.deps) {
      expect(commit).toMatch(/^[0-9a-f]{32}$/);
      expect(digest).toMatch(/^b5:[0-9a-f]{128}$/);
    }
  });
});
