import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Returns the licenses of the npm packages that a bundle has code of. `inputs` are paths below `root`. */
export function licenseTexts(inputs: readonly string[], root: string): string {
  const packages = new Set(
    inputs.flatMap((path) => /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[0] ?? []),
  );
  return [...packages]
    .sort()
    .map((folder) => licenseText(join(root, folder)))
    .join(`\n${"-".repeat(80)}\n\n`);
}

function licenseText(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(folder, file), "utf8").trim());
  return `${[`${name} ${version} (${license})`, ...texts].join("\n\n")}\n`;
}
