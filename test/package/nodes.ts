import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { npm } from "./npm.ts";

/** A Node version that is tested. */
export type TestedNode = {
  /** Such as `Node 22.23.0`, or `Node 26` for its newest release. */
  readonly name: string;
  /** Returns the path of its binary. The first call downloads it from npm. */
  path(): Promise<string>;
};

const root = join(import.meta.dirname, "..", "..");
const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  engines: { node: string };
};

/** The oldest releases that `engines` allows, one of each line, the oldest line first. */
const floors = engines.node.match(/\d+\.\d+\.\d+/g) ?? [];

/** The oldest Node of each line that `engines` allows. For arm64, npm lacks some releases. */
export const oldestNodes: readonly TestedNode[] = floors.map((version) =>
  nodeOf(`Node ${version}`, process.arch === "arm64" ? `~${version}` : version),
);

/** The newest release of the newest line that `engines` names. */
export const newestNode: TestedNode = newestOf(floors.at(-1) ?? "");

/** The Node that runs this program; in a checkout, that of the lock file. */
export const thisNode: TestedNode = {
  name: `Node ${process.versions.node}`,
  path: () => Promise.resolve(process.execPath),
};

function newestOf(floor: string): TestedNode {
  return nodeOf(`Node ${floor.split(".")[0]}`, `^${floor}`);
}

/** Returns the Node of a version or a range of versions, as npm resolves it. */
function nodeOf(name: string, range: string): TestedNode {
  return { name, path: () => fetchNode(range) };
}

async function fetchNode(range: string): Promise<string> {
  const program = `node-${process.platform}-${process.arch}`;
  const folder = join(root, "node_modules", ".cache", "mdps-node", range);
  const binary = join(folder, "node_modules", program, "bin", "node");
  if (!existsSync(binary)) {
    await mkdir(folder, { recursive: true });
    await npm(process.execPath, folder, ["install", "--prefix", folder, `${program}@${range}`]);
  }
  return binary;
}

/** Versions of Node that `engines` excludes: for each old line, one that npm has. */
export const oldNodes: readonly TestedNode[] =
  process.platform === "linux" && process.arch === "x64"
    ? ["14.21.3", "16.20.2", "18.20.8", "20.19.5", "22.22.3"].map((version) =>
        nodeOf(`Node ${version}`, version),
      )
    : [];
