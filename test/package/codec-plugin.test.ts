import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { installPackage, type Project } from "./installed.ts";
import { thisNode } from "./nodes.ts";
import { npm } from "./npm.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const buf = fileURLToPath(import.meta.resolve("@bufbuild/buf/bin/buf"));
const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const proto = `
syntax = "proto3";
package acme.quota.v1;
import "google/protobuf/timestamp.proto";
message Quota {
  string name = 1;
  int64 bytes = 2;
  google.protobuf.Timestamp reset_time = 3;
}
`;

const program = `
import { create } from "@bufbuild/protobuf";
import { createCodecs } from "mobile-data-plan-sharing/codec";
import { codecs_acme_quota_v1_quota, QuotaCodec } from "./gen/acme/quota/v1/quota_codec";
import { QuotaSchema } from "./gen/acme/quota/v1/quota_pb";

const quota = create(QuotaSchema, { name: "data", bytes: 5n, resetTime: { seconds: 1n } });
const read = createCodecs(codecs_acme_quota_v1_quota).get(QuotaSchema)?.decodeStrictly(QuotaCodec.encode(quota));
console.log(read && QuotaCodec.writeJson(read));
`;

/** Returns the buf.gen.yaml of docs/package.md. */
function documentedTemplate(): string {
  const page = readFileSync(join(root, "docs/package.md"), "utf8");
  const [, template = ""] = /In `buf\.gen\.yaml`:\n\n```yaml\n([^`]*)```/.exec(page) ?? [];
  return template;
}

describe("protoc-gen-es-codec of the installed package", () => {
  let project: Project;
  beforeAll(async () => {
    project = await installPackage(inject("tarball"), await thisNode.path());
    const tools = ["@bufbuild/protoplugin", "@bufbuild/protoc-gen-es", "typescript", "@types/node"];
    await npm(project.node, project.folder, [
      "install",
      ...tools.map((name) => `${name}@${devDependencies[name]}`),
    ]);
  });
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

  it("generates codecs with the buf.gen.yaml of docs/package.md, which compile and run", async () => {
    const { folder, node, env } = project;
    await mkdir(join(folder, "proto/acme/quota/v1"), { recursive: true });
    await writeFile(join(folder, "proto/acme/quota/v1/quota.proto"), proto);
    await writeFile(join(folder, "buf.yaml"), "version: v2\nmodules: [{path: proto}]\n");
    await writeFile(join(folder, "buf.gen.yaml"), `version: v2\n${documentedTemplate()}`);
    const PATH = `${join(folder, "node_modules/.bin")}${delimiter}${env.PATH}`;
    await run(process.execPath, [buf, "generate"], { cwd: folder, env: { ...env, PATH } });

    await writeFile(join(folder, "program.ts"), program);
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: "es2024",
      module: "esnext",
      moduleResolution: "bundler",
      types: ["node"],
    };
    await writeFile(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["program.ts"] }),
    );
    // Rejects with what the compiler printed if it failed.
    await run(node, [join(folder, "node_modules/typescript/bin/tsc"), "-p", "."], { cwd: folder });
    const outfile = join(folder, "program.mjs");
    await build({
      entryPoints: [join(folder, "program.ts")],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
    });
    const { stdout } = await run(node, [outfile], { cwd: folder });
    expect(JSON.parse(stdout)).toEqual({ name: "data", bytes: "5", resetTime: "1970-01-01T00:00:01Z" });
  });
});
