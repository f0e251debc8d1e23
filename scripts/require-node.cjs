// Preloaded by the npm scripts that start the program: ends old versions of Node, which cannot load TypeScript, with a
// sentence. The built package does the same in src/contract/node-version.ts.
const ranges = require("../package.json").engines.node.split(" || ");
const floorOf = (range) => range.replace(/^\D+/, "");
const isAllowed = ranges.some((range) => {
  const [own, floor] = [process.versions.node, floorOf(range)].map((version) =>
    version.split(".").map(Number),
  );
  const different = floor.findIndex((part, index) => part !== own[index]);
  return (
    different === -1 || (own[different] > floor[different] && !(different === 0 && range.startsWith("^")))
  );
});
if (!isAllowed) {
  console.error(
    `mdps needs Node ${ranges.map(floorOf).join(", ")} or a later release of one of these lines; this is Node ${process.versions.node} (${process.execPath}). Install one from https://nodejs.org/en/download, and put it first in PATH.`,
  );
  process.exit(1);
}
