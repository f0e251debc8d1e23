/**
 * `npm run release [-- FOLDER] [--packages all|available|none]` writes the artefacts of a release, except the npm package,
 * into `artefacts/` or another folder. docs/consuming.md describes them. The same sources give the same bytes.
 *
 * `--packages` selects the packages of generated code, which need Python, or a JDK and Maven: `all` fails if one cannot be
 * built, `available` (the default) skips it by name.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { createArtefacts, filesOf, root } from "./artefacts.ts";
import { exampleFiles } from "./examples/examples.ts";
import { writePackages } from "./packages/packages.ts";
import { writeProtos } from "./write-protos.ts";
import { writeVectors } from "./write-vectors.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { packages: { type: "string", default: "available" } },
});
const { packages } = values;
if (packages !== "all" && packages !== "available" && packages !== "none") {
  throw new Error(`--packages ${packages}: must be all, available or none`);
}

const artefacts = createArtefacts(resolve(positionals[0] ?? "artefacts"));
writeProtos(artefacts);
// OpenAPI and the other documents that are generated from the contract.
for (const { path, contents } of filesOf(`${root}/gen`, "*.json")) {
  artefacts.write(path, contents);
}
artefacts.writeArchive(
  "examples.tar.gz",
  [...exampleFiles()].map(([path, text]) => ({ path, contents: Buffer.from(text) })),
);
writeVectors(artefacts);
if (packages !== "none") {
  for (const why of await writePackages(artefacts.folder, { required: packages === "all" })) {
    console.warn(`skipped: ${why}`);
  }
}
process.stdout.write(artefacts.writeSums());
