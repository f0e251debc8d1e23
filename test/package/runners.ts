/** Tests of the documentation in the runners that users have, in a project in which the package is installed. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Project } from "./installed.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
const page = readFileSync(join(root, "docs/testing.md"), "utf8");

/** A program that runs test files. */
export type Runner = {
  readonly name: string;
  /** Replaces the import of `test` of `node:test`, as the page says. */
  readonly importOfTest: string;
  /** Arguments of Node that run the tests of a folder. */
  args(folder: string): readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Reads the numbers of passed and failed tests from its output. */
  read(output: string): readonly [passed: number, failed: number];
};

/** The version of jest that is installed in the project. */
export const jest = "jest@30.5.2";

const importOfTest = 'import { test } from "node:test";';

/** Returns the runners that docs/testing.md names. jest must be installed in the project. */
export function runnersOf(project: Project): readonly Runner[] {
  return [
    {
      name: "node:test",
      importOfTest,
      args: () => ["--test", "--test-reporter=tap"],
      read: readTap,
    },
    {
      name: "vitest",
      importOfTest: 'import { test } from "vitest";',
      args: (folder) => [
        join(root, "node_modules/vitest/vitest.mjs"),
        "run",
        "--root",
        folder,
        "--reporter=tap-flat",
      ],
      read: readTap,
    },
    {
      name: "jest",
      importOfTest: "",
      args: (folder) => [
        join(project.folder, "node_modules/jest/bin/jest.js"),
        "--rootDir",
        folder,
        "--json",
      ],
      env: { NODE_OPTIONS: "--experimental-vm-modules" },
      // `--json` cannot express errors of Connect, which refer to descriptors.
      read: (output) => [
        Number(/^Tests:.* (\d+) passed/m.exec(output)?.[1] ?? 0),
        Number(/^Tests:.* (\d+) failed/m.exec(output)?.[1] ?? 0),
      ],
    },
  ];
}

/** What a runner reported when it ended by itself. */
export type TestRun = {
  readonly exitCode: number;
  readonly passed: number;
  readonly failed: number;
  readonly stderr: string;
};

/** Runs a snippet of docs/testing.md, after a change, until the runner ends by itself. */
export async function runSnippet(
  project: Project,
  runner: Runner,
  name: string,
  { change = (text: string) => text, env = {} as Readonly<Record<string, string>> } = {},
): Promise<TestRun> {
  const folder = await mkdtemp(join(project.folder, "runner-"));
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  await writeFile(join(folder, name), change(snippet(name).replace(importOfTest, runner.importOfTest)));
  const options = { cwd: folder, env: { ...project.env, NO_COLOR: "1", ...runner.env, ...env } };
  const { stdout, stderr, code } = await run(project.node, runner.args(folder), options).then(
    (outcome) => ({ ...outcome, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  );
  const [passed, failed] = runner.read(stdout + stderr);
  return { exitCode: code, passed, failed, stderr };
}

function snippet(name: string): string {
  const code = new RegExp(`<!-- snippet: ${name} -->\n\`\`\`js\n([\\s\\S]*?\n)\`\`\``).exec(page)?.[1];
  if (!code?.includes(importOfTest)) {
    throw new Error(`docs/testing.md has no snippet ${name} that begins with ${importOfTest}`);
  }
  return code;
}

function count(pattern: RegExp, text: string): number {
  return text.match(pattern)?.length ?? 0;
}

/** Counts the lines of TAP. */
function readTap(output: string): readonly [number, number] {
  return [count(/^ok /gm, output), count(/^not ok /gm, output)];
}
