import { readFileSync } from "node:fs";

// Old versions of Node must be able to parse this file and to resolve its imports.

/**
 * Returns why this version of Node cannot run the package, and what to do: one sentence. Returns undefined if it can, or if
 * package.json, whose `engines` has the allowed versions, is not beside the code, as in a bundle.
 */
export function nodeProblem(version: string = process.versions.node): string | undefined {
  let engines: string;
  try {
    const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    engines = manifest.engines.node;
  } catch {
    return undefined;
  }
  const ranges = engines.split(" || ");
  return ranges.some((range) => isIn(range, version))
    ? undefined
    : `mdps needs Node ${ranges.map(floorOf).join(", ")} or a later release of one of these lines; this is Node ${version} (${process.execPath}). Install one from https://nodejs.org/en/download, and put it first in PATH.`;
}

/** Returns whether a version is in a range: `>=1.2.3`, or `^1.2.3` for the same major version only. */
function isIn(range: string, version: string): boolean {
  const own = version.split(".").map(Number);
  const floor = floorOf(range).split(".").map(Number);
  const different = floor.findIndex((part, index) => part !== own[index]);
  return (
    different === -1 ||
    (Number(own[different]) > Number(floor[different]) && !(different === 0 && range.startsWith("^")))
  );
}

function floorOf(range: string): string {
  return range.replace(/^\D+/, "");
}
