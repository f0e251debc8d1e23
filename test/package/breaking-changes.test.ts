import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { diffContracts, readContract } from "../../src/contract-diff/index.ts";
import { checkFigures } from "../support/compatibility/figures.ts";
import { breakingKinds } from "./breaking-kinds.ts";
import { setUpConsumers, steps } from "./consumer-repository.ts";

const buf = join(import.meta.dirname, "../../node_modules/@bufbuild/buf/bin/buf");
/** The steps of the workflow that matter here. */
const downloadAndCompare = steps.filter(({ name }) => /^(Fetch|Check that the release)/.test(name));
const hasTools = spawnSync("sha256sum", ["--ignore-missing", "--version"]).status === 0;

/** Whether each way reports a kind of change. */
type Caught = {
  readonly kind: string;
  readonly diff: boolean;
  readonly buf: boolean;
  readonly workflow: boolean;
};

describe.skipIf(!hasTools)(
  "breaking changes of the contract (skipped where GNU sha256sum is missing)",
  () => {
    const { released, create, releaseWith, runSteps } = setUpConsumers();
    const results: Caught[] = [];
    let consumer: string;
    beforeAll(async () => {
      consumer = await create();
    });

    for (const [kind, { file, change }] of Object.entries(breakingKinds)) {
      it(`mdps contract diff and the consumer workflow fail if ${kind}`, async () => {
        const release = await releaseWith(file, change);
        const [old, now] = [released, release].map((folder) => join(folder, "contract.binpb"));
        const { breaking } = diffContracts(readContract(old ?? ""), readContract(now ?? ""));
        const args = [buf, "breaking", now ?? "", "--against", old ?? "", "--exclude-imports"];
        const { status } = spawnSync(process.execPath, args);
        const { passed, output } = await runSteps(consumer, release, downloadAndCompare);
        const workflow = passed.length === 1 && /^[1-9]\d* breaking change/m.test(output);
        results.push({ kind, diff: breaking.length > 0, buf: status === 100, workflow });
        expect({ kind, breaking: breaking.length > 0, workflow }, output).toEqual({
          kind,
          breaking: true,
          workflow: true,
        });
      });
    }

    it("docs/compatibility.md says which kinds of breaking changes are reported", () => {
      expect(results).toHaveLength(18);
      expect(checkFigures({ heading, command, lines: linesOf(results) })).toBeUndefined();
    });
  },
);

const heading = "Breaking changes of the contract";
const command = "--project package test/package/breaking-changes.test.ts";

function linesOf(results: readonly Caught[]): string[] {
  const mark = (isCaught: boolean) => (isCaught ? "yes" : "no");
  const count = (name: "diff" | "buf" | "workflow") =>
    `${results.filter((result) => result[name]).length}/${results.length}`;
  const own = `${results.filter(({ diff, buf }) => diff || buf).length}/${results.length}`;
  return [
    "Each kind of change that breaks users of the contract ([stability](stability.md#which-changes-break-whom)) is made in a",
    "copy of the release. The table shows what reports it: `mdps contract diff`, `npm run check`, which also runs",
    "`buf breaking`, the [workflow for consumers](consuming.md#check-new-releases-in-your-ci), and `buf breaking` alone.",
    "",
    "| If | `mdps contract diff` | `npm run check` | workflow | `buf breaking` |",
    "| --- | --- | --- | --- | --- |",
    ...results.map(
      ({ kind, diff, buf, workflow }) =>
        `| ${kind} | ${mark(diff)} | ${mark(diff || buf)} | ${mark(workflow)} | ${mark(buf)} |`,
    ),
    `| **all** | ${count("diff")} | ${own} | ${count("workflow")} | ${count("buf")} |`,
    "",
    "`test/contract-diff` has more forms of each kind, and compatible changes, which must not be reported.",
  ];
}
