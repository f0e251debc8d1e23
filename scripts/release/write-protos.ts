import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runBuf } from "../run-buf.ts";
import { type Artefacts, filesOf, root } from "./artefacts.ts";
import { plainProtos } from "./plain/plain-protos.ts";
import type { TarEntry } from "./tar.ts";

/** The folder of the contract in a bundle. Everything else in it is imported. */
const own = "mobiledataplansharing";

/** What errors consist of. The contract does not import it, and not all languages have a package with it. */
const errors = ["google/rpc/error_details.proto", "google/rpc/status.proto"];

/** Configures buf for a bundle, which contains its imports. */
const bundle = ["--config", '{"version": "v2"}'];

/** Writes the contract and its imports, with and without validation options: .proto files and a FileDescriptorSet each. */
export function writeProtos(artefacts: Artefacts): void {
  const work = mkdtempSync(join(tmpdir(), "mdps-protos-"));
  try {
    const [full, plain] = [join(work, "full"), join(work, "plain")];
    runBuf(["export", "proto", "-o", full]);
    for (const path of errors) {
      cpSync(join(root, "proto-deps", path), join(full, path));
    }
    const protos = filesOf(full, "**/*.proto");
    const documents = filesOf(join(root, "proto"), "**/*.json");
    writeFiles(plain, plainProtos(protos));
    runBuf(["format", ...bundle, "-w", join(plain, own)]);
    artefacts.writeArchive("proto.tar.gz", [...protos, ...documents]);
    artefacts.writeArchive("contract-plain.tar.gz", [...filesOf(plain, "**/*.proto"), ...documents]);
    for (const [name, folder] of [
      ["contract.binpb", full],
      ["contract-plain.binpb", plain],
    ] as const) {
      const paths = [own, ...errors].flatMap((path) => ["--path", join(folder, path)]);
      runBuf([
        "build",
        folder,
        ...bundle,
        ...paths,
        "--exclude-source-info",
        "-o",
        join(artefacts.folder, name),
      ]);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function writeFiles(folder: string, files: readonly TarEntry[]): void {
  for (const { path, contents } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), contents);
  }
}
