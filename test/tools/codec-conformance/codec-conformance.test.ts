import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runBuf } from "../../../scripts/run-buf.ts";
import { checkFigures } from "../../support/compatibility/figures.ts";
import { runTool } from "../running-server.ts";
import { knownDifferences } from "./known-differences.ts";
import { findRunner, suiteProtos, suiteVersion } from "./runner.ts";
import type { Counts } from "./testee.ts";

const root = join(import.meta.dirname, "../../..");

/** Returns the configuration of buf that generates what protobuf-es and its codecs need, for Node. */
function configuration(folder: string): string {
  const opt = ["target=js", "import_extension=js"];
  return JSON.stringify({
    version: "v2",
    inputs: [{ directory: suiteProtos }],
    plugins: [
      { local: "protoc-gen-es", out: folder, opt },
      {
        local: [process.execPath, join(root, "src/codec/plugin/main.ts")],
        out: folder,
        strategy: "all",
        opt,
      },
    ],
  });
}

/** Result of a run: the number of cases that passed, the names of those that failed, and what generated code answered. */
type Result = { readonly passed: number; readonly failed: readonly string[]; readonly counts: Counts };

const runner = await findRunner();
if ("missing" in runner) {
  console.warn(`Protobuf's conformance suite is skipped: ${runner.missing}.`);
}

describe.skipIf("missing" in runner)("protobuf's conformance suite", () => {
  let folder: string;
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the suite with an implementation of testee.ts. */
  async function run(implementation: "protobuf-es" | "codecs"): Promise<Result> {
    const output = join(folder, implementation);
    mkdirSync(output);
    const program = join(output, "testee");
    const counts = join(output, "counts.json");
    const command = [
      process.execPath,
      join(import.meta.dirname, "testee.ts"),
      folder,
      implementation,
      counts,
    ];
    writeFileSync(program, `#!/bin/sh\nexec ${command.map((each) => `'${each}'`).join(" ")}\n`);
    chmodSync(program, 0o755);
    const args = ["--enforce_recommended", "--maximum_edition", "2023", "--output_dir", output, program];
    const { stdout, stderr } = await runTool((runner as { path: string }).path, args);
    // The suite of the text format follows, which the testee skips.
    const [, passed, failures] =
      /^CONFORMANCE SUITE \w+: (\d+) successes, 0 skipped, 0 expected failures, (\d+) unexpected/m.exec(
        stdout + stderr,
      ) ?? [];
    // Written only if there are any.
    const list = join(output, "failing_tests.txt");
    const lines = existsSync(list) ? readFileSync(list, "utf8").split("\n") : [];
    const failed = lines.map((line) => line.replace(/ *#.*/, "")).filter((line) => line !== "");
    expect(Number(failures)).toBe(failed.length);
    return { passed: Number(passed), failed, counts: JSON.parse(readFileSync(counts, "utf8")) };
  }

  let results: Record<"protobufEs" | "codecs", Result>;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "mdps-codec-conformance-"));
    // Generated code imports packages, and the runtime of codecs from this one.
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(join(root, "node_modules/@bufbuild"), join(folder, "node_modules/@bufbuild"));
    symlinkSync(root, join(folder, "node_modules/mobile-data-plan-sharing"));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    runBuf(["generate", "--config", JSON.stringify({ version: "v2" }), "--template", configuration(folder)]);
    const [protobufEs, codecs] = await Promise.all([run("protobuf-es"), run("codecs")]);
    results = { protobufEs, codecs };
  });

  it("protobuf-es passes every case", () => {
    expect(results.protobufEs.failed).toEqual([]);
    expect(results.protobufEs.passed).toBeGreaterThan(5000);
  });

  it("codecs pass every case that protobuf-es passes, except known differences", () => {
    const { passed, failed } = results.codecs;
    const isKnown = (name: string) => knownDifferences.some(({ cases }) => cases.test(name));
    expect(failed.filter((name) => !isKnown(name))).toEqual([]);
    expect(passed + failed.length).toBe(results.protobufEs.passed);
  });

  it("every known difference still exists", () => {
    const idle = knownDifferences.filter(
      ({ cases }) => !results.codecs.failed.some((name) => cases.test(name)),
    );
    expect(idle).toEqual([]);
  });

  it("generated code answers most of what is not invalid or unusual", () => {
    const { decode, encode, readJson, writeJson } = results.codecs.counts;
    expect(results.protobufEs.counts.decode.given).toBe(0);
    // A third of the binary messages is malformed, has a field again or has enum values that are not known.
    expect(decode.answered / decode.given).toBeGreaterThan(0.5);
    expect(encode.answered / encode.given).toBeGreaterThan(0.9);
    // Numbers as text, and other forms that JSON may have, are left to the reader of transcoding.
    expect(readJson.answered / readJson.given).toBeGreaterThan(0.5);
    expect(writeJson.answered / writeJson.given).toBeGreaterThan(0.9);
    expect(decode.answered + encode.answered + readJson.answered + writeJson.answered).toBeGreaterThan(7000);
  });

  it("docs/compatibility.md has the figures of protobuf's conformance suite", () => {
    const row = (name: string, { passed, failed }: Result) =>
      `| ${name} | ${passed + failed.length} | ${passed} | ${failed.length} |`;
    const problem = checkFigures({
      heading: "Protobuf's conformance suite",
      command: "--project tools test/tools/codec-conformance",
      lines: [
        `conformance_test_runner ${suiteVersion} sends binary and JSON messages of proto2, proto3 and edition 2023, required and`,
        "recommended cases. The text format is not supported. *Codecs* are those that protoc-gen-es-codec generates, with this",
        "project's reader for the JSON that they leave to it:",
        "",
        "| Implementation | cases | passed | different |",
        "| --- | --- | --- | --- |",
        row("protobuf-es", results.protobufEs),
        row("codecs", results.codecs),
        "",
        "*Different*:",
        "",
        ...knownDifferences.map(({ reason }) => `- ${reason}`),
      ],
    });
    expect(problem).toBeUndefined();
  });
});
