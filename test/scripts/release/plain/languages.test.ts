import { execFile } from "node:child_process";
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bundles, unpackProtos } from "../../../interop/bundle.ts";
import { missingProtoc } from "../../../interop/plain/protoc.ts";

/** Generators of protoc, with how the names of their files end, one for each .proto file. */
const generators = [
  ["C#", "csharp", ".cs"],
  ["C++", "cpp", ".pb.cc"],
  ["Objective-C", "objc", ".pbobjc.m"],
  ["Python", "python", "_pb2.py"],
  ["Ruby", "ruby", "_pb.rb"],
] as const;

const missing = missingProtoc();
const condition = missing === undefined ? "" : ` (skipped: ${missing})`;
const folder = mkdtempSync(join(tmpdir(), "mdps-languages-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Generates code from all files of a bundle, as docs/consuming.md describes. */
async function generate(protos: string, generator: string) {
  const out = mkdtempSync(join(folder, "gen-"));
  const files = globSync("**/*.proto", { cwd: protos });
  const { stdout, stderr } = await promisify(execFile)("protoc", [
    "-I",
    protos,
    `--${generator}_out=${out}`,
    ...files,
  ]);
  return { files, out, output: stdout + stderr };
}

describe.skipIf(missing !== undefined)(
  `code that protoc generates from the bundles of a release${condition}`,
  () => {
    let bundles: Bundles;
    beforeAll(() => {
      bundles = unpackProtos(folder);
    });

    it.each(generators)(
      "protoc generates %s from each file of contract-plain.tar.gz, without a warning",
      async (_, generator, suffix) => {
        const { files, out, output } = await generate(bundles.plain, generator);
        expect(output).toBe("");
        expect(files).toContain("mobiledataplansharing/v1/plans.proto");
        expect(globSync(`**/*${suffix}`, { cwd: out })).toHaveLength(files.length);
      },
    );

    it("protoc generates PHP from contract-plain.tar.gz, without a warning", async () => {
      const { out, output } = await generate(bundles.plain, "php");
      expect(output).toBe("");
      expect(globSync("**/*.php", { cwd: out })).toContain("MobileDataPlanSharing/V1/PlanStatus.php");
    });

    it("protoc generates no PHP from proto.tar.gz, because of the enums of buf.validate", async () => {
      await expect(generate(bundles.full, "php")).rejects.toThrow(/PHP/);
    });
  },
);
