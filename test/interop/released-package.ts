import { createHash } from "node:crypto";
import { globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../../scripts/release/artefacts.ts";
import { type PackageName, writePackages } from "../../scripts/release/packages/packages.ts";
import { askTool } from "../../scripts/run-tool.ts";

/** Everything that the bytes of a package depend on, beside the tools. */
const sources = [
  "{proto,proto-deps/buf}/**/*.{proto,json}",
  "scripts/release/**/*.{ts,txt,xml}",
  "{package.json,LICENSE,NOTICE}",
];

/**
 * Returns a folder with a package of generated code, as a release has it. Builds it if the protos, the scripts or the
 * tools have changed since it was built last, so that suites which use the same package need not build it again.
 */
export async function releasedPackage(name: PackageName, log: (line: string) => void): Promise<string> {
  const hash = createHash("sha256").update(name);
  for (const path of globSync(sources, { cwd: root }).toSorted()) {
    hash
      .update(path)
      .update("\0")
      .update(readFileSync(join(root, path)));
  }
  const tools = [askTool("python3", ["-VV"]), askTool("java", ["-version"])];
  const key = hash.update(JSON.stringify(tools)).digest("hex").slice(0, 16);
  const folder = join(root, "node_modules/.cache/mdps-packages", key);
  if (globSync("*", { cwd: folder }).length === 0) {
    mkdirSync(dirname(folder), { recursive: true });
    const built = mkdtempSync(`${folder}-`);
    await writePackages(built, { names: [name], required: true, log });
    rmSync(folder, { recursive: true, force: true });
    renameSync(built, folder);
  }
  return folder;
}
