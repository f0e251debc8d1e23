import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Artefacts, createArtefacts } from "../../scripts/release/artefacts.ts";
import { writeProtos } from "../../scripts/release/write-protos.ts";
import { vectorsArchive, writeVectors } from "../../scripts/release/write-vectors.ts";

/**
 * Unpacks the bundle of .proto files without validation options of a release, `contract-plain.tar.gz`.
 *
 * @param folder - An existing folder.
 * @returns The folder with the files, in `folder`.
 */
export function unpackPlainProtos(folder: string): string {
  return unpack(folder, "contract-plain.tar.gz", writeProtos);
}

/** Unpacks the test vectors of a release. Returns the path of `cases.json`. */
export function unpackVectors(folder: string): string {
  return join(unpack(folder, vectorsArchive, writeVectors), "cases.json");
}

function unpack(folder: string, archive: string, write: (artefacts: Artefacts) => void): string {
  const artefacts = createArtefacts(join(folder, "artefacts"));
  write(artefacts);
  const unpacked = join(folder, archive.replace(".tar.gz", ""));
  mkdirSync(unpacked);
  const { status } = spawnSync("tar", ["-xzf", join(artefacts.folder, archive), "-C", unpacked]);
  if (status !== 0) {
    throw new Error(`tar cannot unpack ${archive}`);
  }
  return unpacked;
}
