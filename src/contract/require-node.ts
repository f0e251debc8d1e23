import { nodeProblem } from "./node-version.ts";

// The first import of each entry of the package, so that programs under an old line of Node fail with this sentence and
// not with the first error of a dependency. Early releases of later lines can run the client, so they only get a warning.
const problem = nodeProblem();
if (problem?.isOldLine) {
  throw new Error(problem.message);
}
if (problem !== undefined) {
  process.emitWarning(problem.message);
}
