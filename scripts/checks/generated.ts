/** Fails if `gen/` is not what the protos generate: changed, missing and left-over files are listed. */
import { globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runBuf, serverTemplate } from "../run-buf.ts";

const committed = join(import.meta.dirname, "../../gen");
const folder = mkdtempSync(join(tmpdir(), "mdps-generated-"));
try {
  runBuf(["generate", "--output", folder]);
  runBuf(["generate", "--output", folder, "--template", serverTemplate]);
  const expected = textsOf(join(folder, "gen"));
  const actual = textsOf(committed);
  const paths = new Set([...expected.keys(), ...actual.keys()]);
  const differing = [...paths].filter((path) => expected.get(path) !== actual.get(path));
  if (expected.size === 0 || differing.length > 0) {
    console.error(
      `gen/ is not what the protos generate; run "npm run generate" and commit:\n  ${differing.join("\n  ")}`,
    );
    process.exitCode = 1;
  } else {
    console.log(`gen/: ${expected.size} files are what the protos generate`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function textsOf(root: string): Map<string, string> {
  const files = globSync("**/*", { cwd: root }).filter((path) => statSync(join(root, path)).isFile());
  return new Map(files.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}
