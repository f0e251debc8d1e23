/**
 * Runs Google's api-linter over `proto/`, without the rules that `api-linter.yaml` disables. Builds the linter first, which
 * downloads it the first time. Skips and says so where Go is missing.
 */
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { buildGoTool, whatIsMissing } from "../go-tool.ts";
import { judge, type Problem, type Section } from "./disabled-rules.ts";

type LintedFile = {
  readonly file_path: string;
  readonly problems: readonly {
    readonly rule_id: string;
    readonly message: string;
    readonly location: { readonly start_position: { readonly line_number: number } };
  }[];
};

const root = join(import.meta.dirname, "../..");
const missing = whatIsMissing();
if (missing === undefined) {
  lint();
} else {
  console.warn(`api-linter: skipped, ${missing}`);
}

function lint(): void {
  const folder = mkdtempSync(join(tmpdir(), "mdps-api-linter-"));
  try {
    const linter = buildGoTool("github.com/googleapis/api-linter/v2/cmd/api-linter", folder);
    const files = globSync("**/*.proto", { cwd: join(root, "proto") }).sort();
    const problems = problemsOf(linter, files);
    const sections = parse(readFileSync(join(root, "scripts/checks/api-linter.yaml"), "utf8")) as Section[];
    const { undisabled, idle } = judge(problems, sections);
    if (undisabled.length > 0) {
      console.error(undisabled.map(({ where, rule, message }) => `${where}: ${rule}: ${message}`).join("\n"));
      console.error("fix these, or disable the rules in scripts/checks/api-linter.yaml with a reason");
    }
    if (idle.length > 0) {
      console.error(
        `scripts/checks/api-linter.yaml disables rules that nothing violates; enable them:\n  ${idle.join("\n  ")}`,
      );
    }
    if (undisabled.length + idle.length > 0) {
      process.exitCode = 1;
    } else {
      console.log(
        `api-linter: ${files.length} files satisfy every rule that scripts/checks/api-linter.yaml does not disable`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the linter with all its rules enabled. */
function problemsOf(linter: string, files: readonly string[]): Problem[] {
  const { status, stdout, stderr } = spawnSync(
    linter,
    ["--output-format", "json", "-I", ".", "-I", join(root, "proto-deps"), ...files],
    { cwd: join(root, "proto"), encoding: "utf8" },
  );
  if (status !== 0) {
    throw new Error(`api-linter failed: ${stderr}`);
  }
  return (JSON.parse(stdout) as LintedFile[]).flatMap(({ file_path: file, problems }) =>
    problems.map(({ rule_id: rule, message, location }) => ({
      file,
      rule,
      message,
      where: `proto/${file}:${location.start_position.line_number}`,
    })),
  );
}
