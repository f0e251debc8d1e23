/**
 * npm run test:all -- --project nodes: on the newest Node that `engines` allows, the unit tests of what users run on it; on
 * the oldest Node of each line, only the tests of what depends most on Node. `npm test` runs all of them on the Node of the
 * lock file, and the workflow `test` on each Node. Arguments are passed to Vitest, such as a folder. A Node that cannot be
 * installed is skipped, by name.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { newestNode, oldestNodes, type TestedNode } from "./nodes.ts";
import { environmentOf } from "./npm.ts";

const root = join(import.meta.dirname, "..", "..");
const args = process.argv.slice(2);

/** What depends most on Node: its HTTP parsers, its streams, its processes and its files. */
const mostDependent = [
  "test/server/connections",
  "test/server/workers",
  "test/store/sqlite",
  "test/transcoding/client",
];

/**
 * Folders of what no user runs on a Node of their own: the console runs in browsers, the others in a checkout, on the Node
 * of the lock file. And of what compares two contracts, which compiles hundreds of them and calls nothing of Node.
 */
const independent = new Set([
  "console",
  "contract-diff",
  "fuzz",
  "google-clients",
  "interop",
  "resilience",
  "scripts",
]);

/** All other folders. */
const dependent = readdirSync(join(root, "test"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !independent.has(entry.name))
  .map(({ name }) => `test/${name}/`);

/** Many tests wait for a timeout. */
const workers = ["--maxWorkers", "3"];

const runs: readonly (readonly [node: TestedNode, args: readonly string[]])[] = [
  ...oldestNodes.map((node) => [node, args.length > 0 ? args : mostDependent] as const),
  // No test depends on another one. The order is the same each time, so that a run can be repeated; workflows have others.
  [newestNode, [...(args.length > 0 ? args : dependent), "--sequence.shuffle", "--sequence.seed=1"]],
];

for (const [node, extra] of runs) {
  await testOn(node, extra);
}

async function testOn({ name, path }: TestedNode, extra: readonly string[]): Promise<void> {
  const node = await path().catch((error: Error) => {
    console.log(`skipped: ${name} cannot be installed: ${error.message.split("\n")[0]}`);
    return undefined;
  });
  if (node === undefined) {
    return;
  }
  const { stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
  console.log(`\n${name} (${stdout.trim()})`);
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const { status } = spawnSync(
    node,
    [vitest, "run", "--project", "unit", "--reporter=dot", ...workers, ...extra],
    {
      cwd: root,
      stdio: "inherit",
      env: environmentOf(node),
    },
  );
  if (status !== 0) {
    console.error(`failed: ${name}`);
    process.exitCode = 1;
  }
}
