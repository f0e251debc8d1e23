import { readFileSync } from "node:fs";

// Old versions of Node must be able to parse this file and to resolve its imports.

/** Why a version of Node cannot run the package. */
export type NodeProblem = {
  /** One sentence, and what to do. */
  readonly message: string;
  /** Whether the version is of a line older than all allowed ones, and thus lacks what the code uses. */
  readonly isOldLine: boolean;
};

/**
 * Returns why this version of Node cannot run the package. Returns undefined if it can, or if package.json, whose `engines`
 * has the allowed versions, is not beside the code, as in a bundle.
 */
export function nodeProblem(version: string = process.versions.node): NodeProblem | undefined {
  let engines: string;
  try {
    const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    engines = manifest.engines.node;
  } catch {
    return undefined;
  }
  const ranges = engines.split(" || ");
  if (ranges.some((range) => isIn(range, version))) {
    return undefined;
  }
  return {
    message: `mdps needs Node ${ranges.map(floorOf).join(", ")} or a later release of one of these lines; this is Node ${version} (${process.execPath}). Install one from https://nodejs.org/en/download, and put it first in PATH.`,
    isOldLine:
      Number.parseInt(version, 10) < Math.min(...ranges.map((range) => Number.parseInt(floorOf(range), 10))),
  };
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
