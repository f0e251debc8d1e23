import { spawnSync } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { packProtos, type Step, setUpConsumers, sign, steps } from "./consumer-repository.ts";

const root = join(import.meta.dirname, "..", "..");
const action = parse(readFileSync(join(root, ".github/actions/contract-diff/action.yml"), "utf8")) as {
  readonly inputs: { readonly version: { readonly default: string } };
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
};
const hasTools = spawnSync("sha256sum", ["--ignore-missing", "--version"]).status === 0;

const [fetchStep, lintStep, breakingStep, compileStep] = [
  "Fetch the release",
  "Lint our protos",
  "Check that the release does not break what we were built with",
  "Check that our protos compile with the release",
] as const;

describe.skipIf(!hasTools)("the consumer workflow (skipped where GNU sha256sum is missing)", () => {
  const { released, create, releaseWith, runSteps } = setUpConsumers();

  it("docs/consuming.md shows the buf.yaml of the consumer example", () => {
    const page = readFileSync(join(root, "docs/consuming.md"), "utf8");
    const shown = /<!-- file: docs\/examples\/consumer\/buf.yaml -->\n```yaml\n([\s\S]*?)```/.exec(page)?.[1];
    expect(shown).toBe(readFileSync(join(root, "docs/examples/consumer/buf.yaml"), "utf8"));
  });

  it("the consumer workflow runs the versions of buf and of the package in this repository", () => {
    const { version, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const versions = (name: string) =>
      steps.flatMap(({ run }) => [...run.matchAll(new RegExp(` ${name}@(\\S+)`, "g"))].map(([, v]) => v));
    expect(versions("@bufbuild/buf")).toEqual(Array(3).fill(devDependencies["@bufbuild/buf"]));
    expect(versions("mobile-data-plan-sharing")).toEqual([version]);
    expect(action.inputs.version.default).toBe(version);
    expect(action.runs.steps.map(({ run }) => / @bufbuild\/buf@(\S+)/.exec(run)?.[1])).toEqual([
      devDependencies["@bufbuild/buf"],
    ]);
  });

  it("the consumer workflow passes with an unchanged release", async () => {
    const { passed, output } = await runSteps(await create(), released);
    expect(passed, output).toEqual([fetchStep, lintStep, breakingStep, compileStep]);
    expect(passed).toHaveLength(steps.length);
  });

  it("the consumer workflow passes with a release that adds a field", async () => {
    const release = await releaseWith("mobiledataplansharing/v1/resources.proto", (text) =>
      text.replace("message PlanGroup {", "message PlanGroup {\n  string note = 100;"),
    );
    const { passed, output } = await runSteps(await create(), release);
    expect(passed, output).toHaveLength(steps.length);
  });

  it("the consumer workflow fails on a release that removes a field", async () => {
    const release = await releaseWith("mobiledataplansharing/v1/resources.proto", (text) =>
      text.replace(/^ {2}string title = 6[^;]*;\n/m, ""),
    );
    const { passed, output } = await runSteps(await create(), release);
    expect(passed).toEqual([fetchStep, lintStep]);
    expect(output).toMatch(
      /field-removed +mobiledataplansharing\.v1\.PlanStatus\.title .*binary, json, rest, code/,
    );
  });

  it("the consumer workflow fails on a download with a wrong checksum", async () => {
    const release = await releaseWith("mobiledataplansharing/v1/resources.proto", (text) => `${text}\n`);
    appendFileSync(join(release, "proto.tar.gz"), "x");
    const { passed, output } = await runSteps(await create(), release);
    expect(passed).toEqual([]);
    expect(output).toMatch(/proto\.tar\.gz: FAILED/);
  });

  it("the consumer workflow fails on a release whose bundle does not compile", async () => {
    const file = "mobiledataplansharing/v1/resources.proto";
    const release = await releaseWith(file, (text) => `${text}\n`);
    const protos = join(release, "protos");
    appendFileSync(join(protos, file), "message Unfinished {\n");
    await packProtos(release, protos);
    const { passed, output } = await runSteps(await create(), sign(release));
    expect(passed).toEqual([fetchStep, lintStep, breakingStep]);
    expect(output).toMatch(/^third_party\/mdps\/mobiledataplansharing\/v1\/resources\.proto:\d+:\d+:/m);
  });

  it("the consumer workflow fails on a release whose contract.binpb is no image", async () => {
    const release = await releaseWith("mobiledataplansharing/v1/resources.proto", (text) => `${text}\n`);
    writeFileSync(join(release, "contract.binpb"), "<html>");
    const { passed, output } = await runSteps(await create(), sign(release));
    expect(passed).toEqual([fetchStep, lintStep]);
    expect(output).toMatch(/contract\.binpb: is not a contract/);
  });

  it("the consumer workflow fails on consumer protos that break a lint rule", async () => {
    const folder = await create();
    const path = join(folder, "proto/acme/billing/v1/usage.proto");
    writeFileSync(path, readFileSync(path, "utf8").replace("plan_status =", "planStatus ="));
    const { passed, output } = await runSteps(folder, released);
    expect(passed).toEqual([fetchStep]);
    expect(output).toMatch(/usage\.proto:.*should be lower_snake_case/);
  });

  it("the consumer workflow fails on a release with which the consumer protos do not compile", async () => {
    const folder = await create();
    // Both extend the same options with the same number: each is valid without the other.
    const extension = (name: string) =>
      `\n// Taken.\nextend google.protobuf.EnumValueOptions {\n  // Taken.\n  string ${name} = 50651;\n}\n`;
    const path = join(folder, "proto/acme/billing/v1/usage.proto");
    appendFileSync(path, extension("hint"));
    writeFileSync(
      path,
      readFileSync(path, "utf8").replace(/^import/m, 'import "google/protobuf/descriptor.proto";\nimport'),
    );
    const release = await releaseWith(
      "mobiledataplansharing/v1/errors.proto",
      (text) => text + extension("note"),
    );
    const { passed, output } = await runSteps(folder, release);
    expect(passed).toEqual([fetchStep, lintStep, breakingStep]);
    expect(output).toMatch(/50651/);
  });

  it.each<[string, (text: string) => string, string]>([
    [
      "true",
      (text) => text.replace("message PlanGroup {", "message PlanGroup {\n  string note = 100;"),
      "field-added",
    ],
    ["false", (text) => text.replace(/^ {2}string title = 6[^;]*;\n/m, ""), "field-removed"],
  ])(
    "the contract-diff action writes the table to the summary, and compatible=%s",
    async (compatible, change, kind) => {
      const release = await releaseWith("mobiledataplansharing/v1/resources.proto", change);
      const { passed, output, written, summary } = await runAction(
        "third_party/mdps",
        join(release, "proto.tar.gz"),
      );
      expect(passed, output).toHaveLength(compatible === "true" ? 1 : 0);
      expect(written).toBe(`compatible=${compatible}\n`);
      // Every line of the table is indented, so that no text in it ends the block.
      expect(summary).toMatch(
        new RegExp(`^### Contract diff\n\n {4}KIND.*\n(?: {4}.*\n)*? {4}${kind} .*\n(?: {4}.*\n)*$`),
      );
    },
  );

  it("the contract-diff action fails without an output if a contract cannot be read", async () => {
    const { passed, output, written, summary } = await runAction("third_party/mdps", "missing.binpb");
    expect({ passed, written, summary }).toEqual({ passed: [], written: "", summary: "" });
    expect(output).toMatch(/ENOENT.*missing\.binpb/);
  });

  /** Runs the steps of the action in the repository of a consumer, with the inputs as GitHub passes them. */
  async function runAction(old: string, now: string) {
    const folder = await create();
    const [outputs, page] = [join(folder, "outputs"), join(folder, "summary")];
    writeFileSync(outputs, "");
    writeFileSync(page, "");
    const inputs: Record<string, string> = { old, new: now, version: action.inputs.version.default };
    const env = Object.fromEntries(
      Object.entries(action.runs.steps[0]?.env ?? {}).map(([name, value]) => {
        const input = /^\$\{\{ inputs\.(\w+) \}\}$/.exec(value)?.[1] ?? "";
        return [name, inputs[input] ?? ""];
      }),
    );
    const more = { ...env, GITHUB_OUTPUT: outputs, GITHUB_STEP_SUMMARY: page };
    const ended = await runSteps(folder, released, action.runs.steps, more);
    return { ...ended, written: readFileSync(outputs, "utf8"), summary: readFileSync(page, "utf8") };
  }
});
