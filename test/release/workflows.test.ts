import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..", "..");
const textOf = (path: string) => readFileSync(join(root, path), "utf8");
const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };

type Step = { readonly uses?: string; readonly run?: string; readonly with?: Record<string, unknown> };

type Job = {
  readonly "timeout-minutes"?: number;
  readonly permissions?: Record<string, string>;
  readonly steps: readonly Step[];
};

type Workflow = {
  readonly permissions?: Record<string, string>;
  readonly concurrency?: unknown;
  readonly jobs: Record<string, Job>;
};

const own = globSync(".github/workflows/*.yml", { cwd: root }).toSorted();
const workflows = [...own, "docs/examples/consumer-workflow.yml"];

/** The scripts of package.json that a text runs by npm. */
function scriptsIn(text: string): string[] {
  const uncommented = text.replaceAll(/^\s*#.*$/gm, "");
  return [...uncommented.matchAll(/\bnpm (?:run (?:-s |--silent )?([\w:-]+)|(test|start)\b)/g)].map(
    ([, run, short]) => run ?? short ?? "",
  );
}

/** The jobs that may do more than read the repository, and why: publish to npm, and make the release. */
const rights: Readonly<Record<string, Record<string, string>>> = {
  publish: { "id-token": "write" },
  artefacts: { contents: "write" },
};

describe("the workflows", () => {
  it("are these", () => {
    const names = ["interop", "lint", "release", "test"];
    expect(own.map((path) => path.replaceAll("\\", "/"))).toEqual(
      names.map((name) => `.github/workflows/${name}.yml`),
    );
  });

  it("and .ci/run run scripts that are there", () => {
    const run = [".ci/run", ...own].flatMap((path) =>
      scriptsIn(textOf(path)).map((script) => ({ path, script })),
    );
    expect(run.length).toBeGreaterThan(15);
    expect(run.filter(({ script }) => !(script in scripts))).toEqual([]);
  });

  it("run all that .ci/run does", () => {
    const run = new Set(own.flatMap((path) => scriptsIn(textOf(path))));
    expect(scriptsIn(textOf(".ci/run")).filter((script) => !run.has(script))).toEqual([]);
  });
});

describe.each(workflows)("%s", (path) => {
  const text = textOf(path);
  const workflow = parse(text, { strict: true }) as Workflow;
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, { steps }]) => steps);

  it("names the commit of every action, and its version beside it", () => {
    const uses = text.split("\n").filter((line) => /^\s*(- )?uses:/.test(line));
    expect(uses.length).toBe(steps.filter((step) => step.uses !== undefined).length);
    expect(uses.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual(
      [],
    );
  });

  it("may read the repository and nothing else, but for the jobs that must", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
    for (const [name, { permissions }] of jobs) {
      expect(permissions, name).toEqual(path.endsWith("release.yml") ? rights[name] : undefined);
    }
  });

  it("leaves no token in a checkout, and runs nothing of the repository where it may write", () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.filter((step) => step.with?.["persist-credentials"] !== false)).toEqual([]);
    for (const [name, { permissions, steps }] of jobs) {
      if (permissions !== undefined) {
        expect(
          steps.filter(({ uses }) => uses?.startsWith("actions/checkout@")),
          name,
        ).toEqual([]);
      }
    }
  });

  it("puts nothing into a shell that others have written", () => {
    expect(steps.filter(({ run }) => run?.includes("${{"))).toEqual([]);
  });

  it("ends in time", () => {
    expect(jobs.filter(([, job]) => job["timeout-minutes"] === undefined)).toEqual([]);
    if (path !== "docs/examples/consumer-workflow.yml") {
      expect(workflow.concurrency).toBeDefined();
    }
  });
});

it("every action is at one commit in all workflows", () => {
  const pins = workflows.flatMap((path) =>
    [...textOf(path).matchAll(/uses: ([\w-]+\/[\w-]+)@(\S+ # \S+)/g)].map(([, action, pin]) => ({
      action,
      pin,
    })),
  );
  const byAction = Map.groupBy(pins, ({ action }) => action);
  expect(byAction.size).toBeGreaterThan(3);
  for (const [action, used] of byAction) {
    expect(new Set(used.map(({ pin }) => pin)).size, action).toBe(1);
  }
});
