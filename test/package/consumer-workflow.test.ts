import { spawnSync } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packProtos, setUpConsumers, sign, steps } from "./consumer-repository.ts";

const root = join(import.meta.dirname, "..", "..");
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
});
