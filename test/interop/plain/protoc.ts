import { globSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { askTool, runTool } from "../../../scripts/run-tool.ts";
import { unpackProtos } from "../bundle.ts";
import type { BuildContext } from "../language.ts";

/** Returns why the protoc of this machine cannot generate code, or undefined. */
export function missingProtoc(): string | undefined {
  return askTool("protoc", ["--version"]) === undefined ? "protoc is not installed" : undefined;
}

/** Generates code from all files of `contract-plain.tar.gz`, as docs/consuming.md describes. Returns its folder. */
export async function generatePlain(generator: "php" | "ruby", context: BuildContext): Promise<string> {
  const { plain: protos } = unpackProtos(context.workDir);
  const out = join(context.workDir, "gen");
  mkdirSync(out);
  const files = globSync("{google,mobiledataplansharing}/**/*.proto", { cwd: protos });
  await runTool("protoc", ["-I", protos, `--${generator}_out=${out}`, ...files], context);
  return out;
}
