// Preloaded by the npm scripts that start the program: ends old versions of Node, which cannot load TypeScript, with a
// sentence. The built package does the same in src/contract/node-version.ts.
const minimum = require("../package.json").engines.node.replace(/^\D+/, "");
const [own, needed] = [process.versions.node, minimum].map((version) => version.split(".").map(Number));
const different = needed.findIndex((part, index) => part !== own[index]);
if (different !== -1 && own[different] < needed[different]) {
  console.error(
    `mdps needs Node ${minimum} or later; this is Node ${process.versions.node} (${process.execPath}). Install a later one from https://nodejs.org/en/download, and put it first in PATH.`,
  );
  process.exit(1);
}
