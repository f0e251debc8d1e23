/**
 * `npm run release [-- FOLDER]` writes the artefacts of a release, except the npm package, into `artefacts/` or another
 * folder. docs/consuming.md describes them. The same sources give the same bytes.
 */
import { resolve } from "node:path";
import { createArtefacts, filesOf, root } from "./artefacts.ts";
import { exampleFiles } from "./examples/examples.ts";
import { writeProtos } from "./write-protos.ts";

const artefacts = createArtefacts(resolve(process.argv[2] ?? "artefacts"));
writeProtos(artefacts);
// OpenAPI and the other documents that are generated from the contract.
for (const { path, contents } of filesOf(`${root}/gen`, "*.json")) {
  artefacts.write(path, contents);
}
artefacts.writeArchive(
  "examples.tar.gz",
  [...exampleFiles()].map(([path, text]) => ({ path, contents: Buffer.from(text) })),
);
artefacts.writeArchive("test-vectors.tar.gz", filesOf(`${root}/test/vectors`, "{README.md,cases.json}"));
process.stdout.write(artefacts.writeSums());
