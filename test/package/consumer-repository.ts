import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject } from "vitest";
import { parse } from "yaml";
import { installPackage } from "./installed.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");

/** A step of a workflow or an action that runs a command. */
export type Step = { readonly name: string; readonly run: string; readonly env?: Record<string, string> };

/** The example workflow; its steps that run a command are tested. */
const workflow = parse(readFileSync(join(root, "docs/examples/consumer-workflow.yml"), "utf8"));
export const steps: readonly Step[] = workflow.jobs.contract.steps.filter(
  (step: { run?: string }) => step.run !== undefined,
);

/** How steps end. */
export type Ended = { readonly passed: readonly string[]; readonly output: string };

/** Repositories that use the contract, and releases of it. */
export type Consumers = {
  /** The folder of the artefacts of the release as it is in this repository. */
  readonly released: string;
  /** Creates the repository of a consumer of the release, as docs/consuming.md describes it. Returns its folder. */
  create(): Promise<string>;
  /** Creates a later release, in which one file of the contract has changed. Returns its folder. */
  releaseWith(file: string, change: (text: string) => string): Promise<string>;
  /** Runs steps as GitHub does until one fails. */
  runSteps(
    folder: string,
    release: string,
    some?: readonly Step[],
    env?: Record<string, string>,
  ): Promise<Ended>;
};

/**
 * Sets up consumers for the tests of a file. Their `npx` runs the program of the package as built from this repository
 * instead of the one in the registry.
 */
export function setUpConsumers(): Consumers {
  const work = mkdtempSync(join(tmpdir(), "mdps-consumer-"));
  const released = join(work, "released");
  let project = "";
  beforeAll(async () => {
    await run(process.execPath, [join(root, "scripts/release/release.ts"), released, "--packages", "none"]);
    project = (await installPackage(inject("tarball"), process.execPath)).folder;
    writeNpx(join(work, "bin"), join(project, "node_modules/.bin/mdps"));
  });
  afterAll(() => {
    rmSync(work, { recursive: true, force: true });
    rmSync(project, { recursive: true, force: true });
  });
  let count = 0;
  return {
    released,
    async create() {
      const folder = join(work, `consumer-${++count}`);
      cpSync(join(root, "docs/examples/consumer"), folder, { recursive: true });
      await unpack(join(released, "proto.tar.gz"), join(folder, "third_party/mdps"));
      return folder;
    },
    async releaseWith(file, change) {
      const folder = join(work, `release-${++count}`);
      const protos = join(folder, "protos");
      await unpack(join(released, "proto.tar.gz"), protos);
      const path = join(protos, file);
      const text = readFileSync(path, "utf8");
      expect(change(text)).not.toBe(text);
      writeFileSync(path, change(text));
      await writeRelease(folder, protos);
      return folder;
    },
    async runSteps(folder, release, some = steps, more = {}) {
      const path = [join(work, "bin"), process.env.PATH].join(delimiter);
      const url = { MDPS_RELEASE: pathToFileURL(release).href };
      const env = { ...process.env, PATH: path, ...workflow.env, ...url, ...more };
      const passed: string[] = [];
      for (const step of some) {
        try {
          await run("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", step.run], {
            cwd: folder,
            env,
          });
        } catch (error) {
          const { stdout, stderr } = error as { stdout: string; stderr: string };
          return { passed, output: `${stdout}${stderr}` };
        }
        passed.push(step.name);
      }
      return { passed, output: "" };
    },
  };
}

async function unpack(archive: string, to: string): Promise<void> {
  mkdirSync(to, { recursive: true });
  await run("tar", ["-xzf", archive, "-C", to]);
}

async function writeRelease(folder: string, protos: string): Promise<void> {
  await packProtos(folder, protos);
  const buf = join(root, "node_modules/@bufbuild/buf/bin/buf");
  // As in a real release, only the contract and the messages of errors are named; their imports are marked as imports.
  const named = ["mobiledataplansharing", "google/rpc/error_details.proto", "google/rpc/status.proto"];
  const own = named.flatMap((each) => ["--path", join(protos, each)]);
  await run(process.execPath, [buf, "build", protos, ...own, "-o", join(folder, "contract.binpb")]);
  sign(folder);
}

/** Writes the bundle of a release. */
export async function packProtos(release: string, protos: string): Promise<void> {
  await run("tar", ["-czf", join(release, "proto.tar.gz"), "-C", protos, "."]);
}

/** Writes the checksums of a release. */
export function sign(release: string): string {
  const sums = ["contract.binpb", "proto.tar.gz"].map((name) => {
    const sum = createHash("sha256")
      .update(readFileSync(join(release, name)))
      .digest("hex");
    return `${sum}  ${name}\n`;
  });
  writeFileSync(join(release, "SHA256SUMS"), sums.join(""));
  return release;
}

/** Writes an `npx` that starts the given program for `npx … mdps …`, and the real npx for anything else. */
function writeNpx(folder: string, program: string): void {
  mkdirSync(folder);
  const path = join(folder, "npx");
  writeFileSync(
    path,
    `#!/usr/bin/env bash
case " $* " in
  *" mdps "*)
    while [ "$1" != mdps ]; do shift; done
    shift
    exec ${JSON.stringify(program)} "$@" ;;
esac
PATH=\${PATH#*:} exec npx "$@"
`,
  );
  chmodSync(path, 0o755);
}
