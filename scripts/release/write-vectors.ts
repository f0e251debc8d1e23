import { join } from "node:path";
import { type Artefacts, filesOf, root } from "./artefacts.ts";

/** The archive of the test vectors. */
export const vectorsArchive = "test-vectors.tar.gz";

/** Writes the test vectors with their README. */
export function writeVectors(artefacts: Artefacts): void {
  artefacts.writeArchive(vectorsArchive, filesOf(join(root, "test/vectors"), "{README.md,cases.json}"));
}
