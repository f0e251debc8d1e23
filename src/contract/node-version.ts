import { readFileSync } from "node:fs";

// Old versions of Node must be able to parse this file and to resolve its imports.

/**
 * Returns why this version of Node cannot run the package, and what to do: one sentence. Returns undefined if it can, or if
 * package.json, whose `engines` has the minimum version, is not beside the code, as in a bundle.
 */
export function nodeProblem(version: string = process.versions.node): string | undefined {
  let minimum: string;
  try {
    const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    minimum = manifest.engines.node.replace(/^\D+/, "");
  } catch {
    return undefined;
  }
  return isOlder(version, minimum)
    ? `mdps needs Node ${minimum} or later; this is Node ${version} (${process.execPath}). Install a later one from https://nodejs.org/en/download, and put it first in PATH.`
    : undefined;
}

function isOlder(version: string, minimum: string): boolean {
  const own = version.split(".").map(Number);
  const needed = minimum.split(".").map(Number);
  const different = needed.findIndex((part, index) => part !== own[index]);
  return different !== -1 && Number(own[different]) < Number(needed[different]);
}
