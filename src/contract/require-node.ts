import { nodeProblem } from "./node-version.ts";

// The first import of each entry of the package, so that programs under an old Node fail with this sentence and not with
// the first error of a dependency.
const problem = nodeProblem();
if (problem !== undefined) {
  throw new Error(problem);
}
