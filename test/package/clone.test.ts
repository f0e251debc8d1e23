import { execFile, execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
const git = (cwd: string, ...args: string[]) => execFileSync("git", args, { cwd, encoding: "utf8" });
const page = readFileSync(join(root, "docs/consuming.md"), "utf8");
const snippets = new Map(
  [...page.matchAll(/<!-- snippet: (\S+) -->\n```sh\n([\s\S]*?)```/g)].map(([, name = "", text = ""]) => [
    name,
    text,
  ]),
);

const hasGit = spawnSync("git", ["rev-parse", "HEAD"], { cwd: root }).status === 0;
const resources = "proto/mobiledataplansharing/v1/resources.proto";

describe.skipIf(!hasGit)("a clone of this repository (skipped where this is no Git repository)", () => {
  const folder = mkdtempSync(join(tmpdir(), "mdps-clone-"));
  const clone = join(folder, "clone");
  const registry = join(folder, "registry");

  beforeAll(() => {
    // What Git has or would have, so that a change can be tested before it is committed.
    const paths = git(
      root,
      "ls-files",
      "-z",
      "--cached",
      "--others",
      "--exclude-standard",
      "--",
      "proto",
      "server-proto",
      "scripts",
      "src",
      "gen",
      "LICENSE",
      "NOTICE",
      "buf.*",
      ".gitignore",
      "package.json",
    ).split("\0");
    for (const path of paths.filter((name) => name !== "")) {
      cpSync(join(root, path), join(clone, path));
    }
    writeLock(clone, registry);
    git(clone, "init", "--quiet", "--initial-branch=main");
    git(clone, "add", "--all");
    git(
      clone,
      "-c",
      "user.name=test",
      "-c",
      "user.email=test@example.com",
      "commit",
      "--quiet",
      "--message=test",
    );
  });
  afterEach(() => {
    git(clone, "checkout", "--quiet", "proto");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a snippet of docs/consuming.md in the clone, with a port that nothing listens on instead of the registry. */
  const shell = (name: string, cache?: string) => runScript(snippets.get(name) ?? "exit 9", cache);
  const runScript = (script: string, cache = join(folder, "empty")) =>
    run("bash", ["-euo", "pipefail", "-c", script], {
      cwd: clone,
      env: {
        ...process.env,
        PATH: [dirname(process.execPath), join(root, "node_modules/.bin"), process.env.PATH].join(delimiter),
        BUF_CACHE_DIR: cache,
        HTTPS_PROXY: "http://127.0.0.1:1",
      },
    });

  const rename = () => {
    const path = join(clone, resources);
    writeFileSync(path, readFileSync(path, "utf8").replace("string title = 6", "string headline = 6"));
  };
  const breaks = { code: 100, stdout: expect.stringContaining('changed name from "title" to "headline"') };

  describe("before npm ci", () => {
    it("buf builds, lints and compares the contract with the modules that buf.lock pins", async () => {
      await expect(shell("registry.sh", registry)).resolves.toMatchObject({ stdout: "", stderr: "" });
    });

    it("buf generates code from the Git repository", async () => {
      const template = {
        version: "v2",
        inputs: [{ git_repo: join(clone, ".git"), subdir: "proto" }],
        plugins: [{ local: "protoc-gen-es", out: join(folder, "generated") }],
      };
      await runScript(`buf generate --template '${JSON.stringify(template)}'`, registry);
      const generated = globSync("**/*_pb.js", { cwd: join(folder, "generated") });
      expect(generated).toContain(join("mobiledataplansharing", "v1", "resources_pb.js"));
    });

    it("buf breaking reports a renamed field as compared with a Git branch", async () => {
      rename();
      await expect(shell("registry.sh", registry)).rejects.toMatchObject(breaks);
    });

    it("buf prints the error that docs/consuming.md names if it cannot reach the registry", async () => {
      const message = /buf fails with "(.+?)"/.exec(page)?.[1];
      await expect(shell("registry.sh")).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining(message ?? "no message"),
      });
    });
  });

  describe("after npm ci, without the registry", () => {
    beforeAll(async () => {
      symlinkSync(join(root, "node_modules"), join(clone, "node_modules"), "junction");
      await run(process.execPath, ["scripts/prepare/prepare.ts"], { cwd: clone });
    });

    it("npm ci changes nothing that Git tracks", () => {
      expect(git(clone, "status", "--porcelain", "--", ":!node_modules")).toBe("");
    });

    it("buf builds, lints and exports the contract with buf.local.yaml", async () => {
      await expect(shell("local.sh")).resolves.toMatchObject({ stdout: "", stderr: "" });
      const exported = globSync("**/*.proto", { cwd: join(clone, "third_party/mdps") });
      expect(exported).toContain("mobiledataplansharing/v1/resources.proto");
      expect(exported).toContain("buf/validate/validate.proto");
    });

    it.each(["lint", "format"])("npm run %s checks the protos without the registry", async (name) => {
      const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
      const [, ofProtos] = /^biome [^&]*&& (buf .*)/.exec(scripts[name]) ?? [];
      await expect(runScript(ofProtos ?? "exit 9")).resolves.toMatchObject({ stdout: "", stderr: "" });
    });

    it("buf breaking with buf.local.yaml passes as compared with the same revision of Git", async () => {
      await expect(shell("local-breaking.sh")).resolves.toMatchObject({ stdout: "", stderr: "" });
    });

    it("buf breaking with buf.local.yaml reports a renamed field as compared with a revision of Git", async () => {
      rename();
      await expect(shell("local-breaking.sh")).rejects.toMatchObject(breaks);
    });

    it("buf exits with 100 and prints the place if the contract does not compile", async () => {
      appendFileSync(join(clone, resources), "\nmessage Unfinished {\n");
      await expect(shell("local.sh")).rejects.toMatchObject({
        code: 100,
        stderr: expect.stringMatching(/^proto\/mobiledataplansharing\/v1\/resources\.proto:\d+:\d+:/),
      });
    });
  });
});

/**
 * Fills a cache of buf with the copies of the imported files, as if they had come from the registry, and writes their
 * digests to the clone's buf.lock. The modules of the registry have more files.
 */
function writeLock(clone: string, cache: string): void {
  const path = join(clone, "buf.lock");
  const lock = parse(readFileSync(path, "utf8"));
  const { modules } = parse(readFileSync(join(root, "buf.local.yaml"), "utf8"));
  for (const dep of lock.deps) {
    const [copies] = modules.find(({ name }: { name?: string }) => name === dep.name).includes;
    const to = join(cache, "v3/modules/b5", dep.name, dep.commit);
    const protos = globSync(`${copies}/**/*.proto`, { cwd: root }).toSorted();
    const lines = protos.map((proto) => {
      const name = proto.replace("proto-deps/", "");
      cpSync(join(root, proto), join(to, "files", name));
      return `shake256:${shake256(readFileSync(join(root, proto)))}  ${name}\n`;
    });
    writeFileSync(join(to, "module.yaml"), "version: v1\nfiles_dir: files\n");
    dep.digest = `b5:${shake256(`shake256:${shake256(lines.join(""))}`)}`;
  }
  writeFileSync(path, stringify(lock));
}

function shake256(data: string | Uint8Array): string {
  return createHash("shake256", { outputLength: 64 }).update(data).digest("hex");
}
