import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Artefacts, createArtefacts } from "../../scripts/release/artefacts.ts";
import { writeProtos } from "../../scripts/release/write-protos.ts";
import { vectorsArchive, writeVectors } from "../../scripts/release/write-vectors.ts";

/** Folders with the unpacked .proto files of a release. */
export type Bundles = {
  /** The files of `proto.tar.gz`. */
  readonly full: string;
  /** The files of `contract-plain.tar.gz`, which have no validation options. */
  readonly plain: string;
};

/** Unpacks the bundles of .proto files of a release in an existing folder. */
export function unpackProtos(folder: string): Bundles {
  const artefacts = createArtefacts(join(folder, "artefacts"));
  writeProtos(artefacts);
  return {
    full: unpack(folder, "proto.tar.gz", artefacts),
    plain: unpack(folder, "contract-plain.tar.gz", artefacts),
  };
}

/** Unpacks the test vectors of a release in an existing folder. Returns the path of `cases.json`. */
export function unpackVectors(folder: string): string {
  const artefacts = createArtefacts(join(folder, "artefacts"));
  writeVectors(artefacts);
  return join(unpack(folder, vectorsArchive, artefacts), "cases.json");
}

function unpack(folder: string, archive: string, artefacts: Artefacts): string {
  const unpacked = join(folder, archive.replace(".tar.gz", ""));
  mkdirSync(unpacked);
  const { status } = spawnSync("tar", ["-xzf", join(artefacts.folder, archive), "-C", unpacked]);
  if (status !== 0) {
    throw new Error(`tar cannot unpack ${archive}`);
  }
  return unpacked;
}
