import { readFileSync } from "node:fs";
import { join } from "node:path";
import { askTool } from "../../../scripts/run-tool.ts";

/** Returns the version of a module, or of `go` itself, in the go.mod of a folder. */
export function goVersionOf(path: string, folder: string): string {
  const file = join(folder, "go.mod");
  const version = new RegExp(`^\\s*${path} v?(\\S+)`, "m").exec(readFileSync(file, "utf8"))?.[1];
  if (version === undefined) {
    throw new Error(`${file} does not require ${path}`);
  }
  return version;
}

/** Returns why Go cannot build the module in a folder, or undefined. */
export function missingGo(folder: string): string | undefined {
  const found = /go(\d+)\.(\d+)\S*/.exec(askTool("go", ["version"]) ?? "");
  if (found === null) {
    return "Go is not installed";
  }
  const [major, minor] = [Number(found[1]), Number(found[2])];
  const [neededMajor = 0, neededMinor = 0] = goVersionOf("go", folder).split(".").map(Number);
  return major > neededMajor || (major === neededMajor && minor >= neededMinor)
    ? undefined
    : `Go ${neededMajor}.${neededMinor} or later is required, but ${found[0]} is installed`;
}
