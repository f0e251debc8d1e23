import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { suites } from "../../../scripts/test-all.ts";

const root = join(import.meta.dirname, "../../..");
const textOf = (path: string) => readFileSync(join(root, path), "utf8");
const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };

type Step = { readonly uses?: string; readonly run?: string; readonly with?: Record<string, unknown> };

type Job = {
  readonly "timeout-minutes"?: number;
  readonly permissions?: Record<string, string>;
  /** Absent from a job that calls another workflow. */
  readonly steps?: readonly Step[];
  readonly uses?: string;
};

type Workflow = {
  readonly permissions?: Record<string, string>;
  readonly concurrency?: unknown;
  readonly jobs: Record<string, Job>;
};

const own = globSync(".github/workflows/*.yml", { cwd: root }).toSorted();
const workflows = [...own, ...globSync("docs/examples/*-workflow.yml", { cwd: root }).toSorted()];

/** Returns the scripts of package.json that a text runs with npm. */
function scriptsIn(text: string): string[] {
  const uncommented = text.replaceAll(/^\s*#.*$/gm, "");
  return [...uncommented.matchAll(/\bnpm (?:run (?:-s |--silent )?([\w:-]+)|(test|start)\b)/g)].map(
    ([, run, short]) => run ?? short ?? "",
  );
}

/** Permissions of the jobs that may do more than read the repository: they publish to npm and create the release. */
const rights: Readonly<Record<string, Record<string, string>>> = {
  publish: { "id-token": "write" },
  artefacts: { contents: "write" },
};

describe("GitHub workflows", () => {
  it("the repository has the workflows nightly, release and test", () => {
    const names = ["nightly", "release", "test"];
    expect(own.map((path) => path.replaceAll("\\", "/"))).toEqual(
      names.map((name) => `.github/workflows/${name}.yml`),
    );
  });

  it("workflows and .ci/run name only scripts that package.json has", () => {
    const run = [".ci/run", ...own].flatMap((path) =>
      scriptsIn(textOf(path)).map((script) => ({ path, script })),
    );
    expect(run.length).toBeGreaterThan(20);
    expect(run.filter(({ script }) => !(script in scripts))).toEqual([]);
  });

  it("workflows run every script that .ci/run runs, and every suite once", () => {
    const texts = own.map(textOf).join("\n");
    const run = new Set(scriptsIn(texts));
    expect(scriptsIn(textOf(".ci/run")).filter((script) => !run.has(script))).toEqual([]);
    const projects = [...texts.matchAll(/npm run test:all -- --project ([\w-]+)/g)].map(([, name]) => name);
    expect(projects.toSorted()).toEqual(Object.keys(suites).toSorted());
  });
});

describe.each(workflows)("%s", (path) => {
  const text = textOf(path);
  const workflow = parse(text, { strict: true }) as Workflow;
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, { steps = [] }]) => steps);

  it(`${path} pins every action to a commit, with the version in a comment`, () => {
    const uses = text.split("\n").filter((line) => /^\s*(- )?uses: (?!\.\/)/.test(line));
    expect(uses.length).toBe(steps.filter((step) => step.uses !== undefined).length);
    expect(uses.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual(
      [],
    );
  });

  it(`${path} may only read the repository, except in jobs that publish`, () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
    for (const [name, { permissions }] of jobs) {
      expect(permissions, name).toEqual(path.endsWith("release.yml") ? rights[name] : undefined);
    }
  });

  it(`${path} leaves no token in a checkout, and checks nothing out in jobs that may write`, () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.filter((step) => step.with?.["persist-credentials"] !== false)).toEqual([]);
    for (const [name, { permissions, steps = [] }] of jobs) {
      if (permissions !== undefined) {
        expect(
          steps.filter(({ uses }) => uses?.startsWith("actions/checkout@")),
          name,
        ).toEqual([]);
      }
    }
  });

  it(`${path} passes no expression to a shell`, () => {
    expect(steps.filter(({ run }) => run?.includes("${{"))).toEqual([]);
  });

  it(`${path} has a time limit for every job`, () => {
    const unlimited = jobs.filter(
      ([, job]) => job["timeout-minutes"] === undefined && job.uses === undefined,
    );
    expect(unlimited).toEqual([]);
    if (own.includes(path)) {
      expect(workflow.concurrency).toBeDefined();
    }
  });
});

/** A composite action: other repositories use it in their workflows. */
type Action = {
  readonly name: string;
  readonly description: string;
  readonly inputs: Record<string, { readonly description?: string }>;
  readonly runs: { readonly using: string; readonly steps: readonly (Step & { readonly shell?: string })[] };
};

const actions = globSync(".github/actions/*/action.yml", { cwd: root });

describe.each(actions)("%s", (path) => {
  const action = parse(textOf(path), { strict: true }) as Action;

  it(`${path} is a composite action that describes its inputs and passes no expression to a shell`, () => {
    expect(action.runs.using).toBe("composite");
    expect([action.name, action.description].filter((text) => !text)).toEqual([]);
    expect(Object.values(action.inputs).filter(({ description }) => !description)).toEqual([]);
    expect(action.runs.steps.filter(({ run, shell }) => run === undefined || shell !== "bash")).toEqual([]);
    expect(action.runs.steps.filter(({ run }) => run?.includes("${{"))).toEqual([]);
  });

  it(`docs/consuming.md uses ${path} with inputs that it has`, () => {
    const use = textOf("docs/consuming.md").split(`/${dirname(path)}@`)[1] ?? "";
    const [, inputs = ""] = /^\S+\n {2}with:\n((?: {4}.*\n)+)/.exec(use) ?? [];
    const names = [...inputs.matchAll(/^ {4}(\w+):/gm)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !(name in action.inputs))).toEqual([]);
  });
});

it("all workflows pin an action to the same commit", () => {
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
