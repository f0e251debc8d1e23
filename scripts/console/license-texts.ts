import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const line = `\n${"-".repeat(80)}\n\n`;

/**
 * Returns the licenses of the npm packages that a bundle has code of. `inputs` are paths below `root`. The Apache License is
 * at the end: the packages under it do not have its text. Throws if a package has no other license and no text.
 */
export function licenseTexts(inputs: readonly string[], root: string): string {
  const packages = Map.groupBy(
    inputs,
    (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(path)?.[0] ?? "",
  );
  packages.delete("");
  const texts = [...packages.keys()].sort().map((folder) => {
    const files = packages.get(folder) ?? [];
    return licenseText(
      join(root, folder),
      files.map((path) => join(root, path)),
    );
  });
  return [...texts, readFileSync(join(root, "LICENSE"), "utf8").trimStart()].join(line);
}

function licenseText(folder: string, inputs: readonly string[]): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  if (files.length === 0 && !/\bApache-2\.0\b/.test(license)) {
    throw new Error(`${name} has the license ${license}, but no file with its text: add the text here`);
  }
  const texts = files.sort().map((file) => readFileSync(join(folder, file), "utf8").trim());
  const all = texts.length > 0 ? texts : noticesOf(inputs);
  return `${[`${name} ${version} (${license})`, ...all].join("\n\n")}\n`;
}

/** Returns the comments with which files begin, if they are about copyright: they may be those of others. */
function noticesOf(files: readonly string[]): string[] {
  const notices = files.map((file) => /^(?:\/\/.*\n)+/.exec(readFileSync(file, "utf8"))?.[0] ?? "");
  return [...new Set(notices)]
    .filter((notice) => notice.includes("Copyright"))
    .map((notice) => notice.replaceAll(/^\/\/ ?/gm, "").trim());
}
