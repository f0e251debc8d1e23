import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
const work = mkdtempSync(join(tmpdir(), "mdps-consumer-"));
const released = join(work, "released");

/** The example workflow; its steps that run a command are tested. */
const workflow = parse(readFileSync(join(root, "docs/examples/consumer-workflow.yml"), "utf8"));
const steps = workflow.jobs.contract.steps.filter((step: { run?: string }) => step.run !== undefined) as {
  name: string;
  run: string;
}[];

beforeAll(async () => {
  await run(process.execPath, [join(root, "scripts/release/release.ts"), released, "--packages", "none"]);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

let count = 0;

/** Creates the repository of a consumer of the release, as docs/consuming.md describes it. */
async function consumer(): Promise<string> {
  const folder = join(work, `consumer-${++count}`);
  cpSync(join(root, "docs/examples/consumer"), folder, { recursive: true });
  await unpack(join(released, "proto.tar.gz"), join(folder, "third_party/mdps"));
  return folder;
}

async function unpack(archive: string, to: string): Promise<void> {
  mkdirSync(to, { recursive: true });
  await run("tar", ["-xzf", archive, "-C", to]);
}

/** Creates a later release, in which one file of the contract has changed. */
async function releaseWith(file: string, change: (text: string) => string): Promise<string> {
  const folder = join(work, `release-${++count}`);
  const protos = join(folder, "protos");
  await unpack(join(released, "proto.tar.gz"), protos);
  const path = join(protos, file);
  const text = readFileSync(path, "utf8");
  expect(change(text)).not.toBe(text);
  writeFileSync(path, change(text));
  await run("tar", ["-czf", join(folder, "proto.tar.gz"), "-C", protos, "."]);
  const buf = join(root, "node_modules/@bufbuild/buf/bin/buf");
  // As in a real release, only the contract itself is named; its imports are marked as imports.
  const own = ["--path", join(protos, "mobiledataplansharing")];
  await run(process.execPath, [buf, "build", protos, ...own, "-o", join(folder, "contract.binpb")]);
  return sign(folder);
}

/** Writes the checksums of a release. */
function sign(folder: string): string {
  const sums = ["contract.binpb", "proto.tar.gz"].map((name) => {
    const sum = createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
    return `${sum}  ${name}\n`;
  });
  writeFileSync(join(folder, "SHA256SUMS"), sums.join(""));
  return folder;
}

/** Runs the steps as GitHub does until one fails. Returns the steps that passed and the output of the failed one. */
async function runSteps(folder: string, release: string): Promise<{ passed: string[]; output: string }> {
  const env = { ...process.env, ...workflow.env, MDPS_RELEASE: pathToFileURL(release).href };
  const passed: string[] = [];
  for (const step of steps) {
    try {
      await run("bash", ["-e", "-c", step.run], { cwd: folder, env });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      return { passed, output: `${stdout}${stderr}` };
    }
    passed.push(step.name);
  }
  return { passed, output: "" };
}

const [fetchStep, lintStep, breakingStep, compileStep] = [
  "Fetch the release",
  "Lint our protos",
  "Check that the release does not break what we were built with",
  "Check that our protos compile with the release",
] as const;

const hasTools = spawnSync("sha256sum", ["--ignore-missing", "--version"]).status === 0;

describe.skipIf(!hasTools)("the consumer workflow (skipped where GNU sha256sum is missing)", () => {
  it("docs/consuming.md shows the buf.yaml of the consumer example", () => {
    const page = readFileSync(join(root, "docs/consuming.md"), "utf8");
    const shown = /<!-- file: docs\/examples\/consumer\/buf.yaml -->\n```yaml\n([\s\S]*?)```/.exec(page)?.[1];
    expect(shown).toBe(readFileSync(join(root, "docs/examples/consumer/buf.yaml"), "utf8"));
  });

  it("the consumer workflow runs the buf version of this repository", () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const versions = steps.flatMap(({ run }) => [...run.matchAll(/@bufbuild\/buf@(\S+)/g)].map(([, v]) => v));
    expect(versions).toEqual(Array(3).fill(devDependencies["@bufbuild/buf"]));
  });

  it("the consumer workflow passes with an unchanged release", async () => {
    const { passed, output } = await runSteps(await consumer(), released);
    expect(passed, output).toEqual([fetchStep, lintStep, breakingStep, compileStep]);
    expect(passed).toHaveLength(steps.length);
  });

  it("the consumer workflow passes with a release that adds a field", async () => {
    const release = await releaseWith("mobiledataplansharing/v1/resources.proto", (text) =>
      text.replace("message PlanGroup {", "message PlanGroup {\n  string note = 100;"),
    );
    const { passed, output } = await runSteps(await consumer(), release);
    expect(passed, output).toHaveLength(steps.length);
  });

  it("the consumer workflow fails on a release that removes a field", async () => {
    const release = await releaseWith("mobiledataplansharing/v1/resources.proto", (text) =>
      text.replace(/^ {2}string title = 6[^;]*;\n/m, ""),
    );
    const { passed, output } = await runSteps(await consumer(), release);
    expect(passed).toEqual([fetchStep, lintStep]);
    expect(output).toMatch(/Previously present field "6" with name "title" on message "PlanStatus"/);
  });

  it("the consumer workflow fails on a download with a wrong checksum", async () => {
    const release = await releaseWith("mobiledataplansharing/v1/resources.proto", (text) => `${text}\n`);
    appendFileSync(join(release, "proto.tar.gz"), "x");
    const { passed, output } = await runSteps(await consumer(), release);
    expect(passed).toEqual([]);
    expect(output).toMatch(/proto\.tar\.gz: FAILED/);
  });

  it("the consumer workflow fails on a release whose bundle does not compile", async () => {
    const file = "mobiledataplansharing/v1/resources.proto";
    const release = await releaseWith(file, (text) => `${text}\n`);
    const protos = join(release, "protos");
    appendFileSync(join(protos, file), "message Unfinished {\n");
    await run("tar", ["-czf", join(release, "proto.tar.gz"), "-C", protos, "."]);
    const { passed, output } = await runSteps(await consumer(), sign(release));
    expect(passed).toEqual([fetchStep, lintStep, breakingStep]);
    expect(output).toMatch(/^third_party\/mdps\/mobiledataplansharing\/v1\/resources\.proto:\d+:\d+:/m);
  });

  it("the consumer workflow fails on a release whose contract.binpb is no image", async () => {
    const release = await releaseWith("mobiledataplansharing/v1/resources.proto", (text) => `${text}\n`);
    writeFileSync(join(release, "contract.binpb"), "<html>");
    const { passed, output } = await runSteps(await consumer(), sign(release));
    expect(passed).toEqual([fetchStep, lintStep]);
    expect(output).toMatch(/cannot parse/);
  });

  it("the consumer workflow fails on consumer protos that break a lint rule", async () => {
    const folder = await consumer();
    const path = join(folder, "proto/acme/billing/v1/usage.proto");
    writeFileSync(path, readFileSync(path, "utf8").replace("plan_status =", "planStatus ="));
    const { passed, output } = await runSteps(folder, released);
    expect(passed).toEqual([fetchStep]);
    expect(output).toMatch(/usage\.proto:.*should be lower_snake_case/);
  });

  it("the consumer workflow fails on a release with which the consumer protos do not compile", async () => {
    const folder = await consumer();
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
