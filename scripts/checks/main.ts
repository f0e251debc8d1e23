/**
 * `npm run check`, or `npm run check -- NAME…` for some checks: generated files are current, the package works, and no
 * change breaks users of the baseline.
 */
import { localConfigFile } from "../run-buf.ts";
import { runSteps, type Steps } from "../run-steps.ts";

const baseline = "scripts/checks/baseline";

const checks: Steps = {
  generated: [["node", "scripts/checks/generated.ts"]],
  breaking: [
    // `buf breaking` is a second opinion: it does not know HTTP rules, validation rules, scopes and error reasons.
    ["node", "scripts/checks/contract-diff.ts"],
    breaking("proto", "contract.binpb"),
    breaking("server-proto", "server.binpb"),
  ],
  "http-paths": [["node", "scripts/checks/http-paths.ts"]],
  exports: [["node", "scripts/checks/exports.ts"]],
  "api-linter": [["node", "scripts/checks/api-linter.ts"]],
  "go-module": [["node", "scripts/checks/go-module.ts"]],
  workflows: [["node", "scripts/checks/workflows.ts"]],
  package: [
    ["node", "scripts/build/build.ts"],
    typesWrong("dist", "--exclude-entrypoints", "contract.binpb"),
    ["publint", "dist", "--strict"],
    typesWrong("dist-transcoding"),
    ["publint", "dist-transcoding", "--strict"],
  ],
};

/** Returns the command that compares the files of a module with a baseline. */
function breaking(module: string, file: string): string[] {
  const config = ["--config", localConfigFile];
  return ["buf", "breaking", module, ...config, "--against", `${baseline}/${file}`, "--exclude-imports"];
}

/** Returns the command that checks the types of a built package as programs of several kinds resolve them. */
function typesWrong(folder: string, ...options: readonly string[]): string[] {
  return ["attw", "--pack", folder, "--profile", "esm-only", ...options, "--format", "table-flipped"];
}

runSteps(checks, process.argv.slice(2));
