import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { filesOf, root } from "../release/artefacts.ts";
import { packTar } from "../release/tar.ts";
import { runBuf } from "../run-buf.ts";
import { contractDocument } from "./contract/document.ts";

/**
 * Writes the contract in the forms that the console shows or offers to download. The emulator itself serves the OpenAPI
 * document of the API, with its own address.
 */
export function writeDocuments(directory: string): void {
  for (const name of ["emulator.openapi.json", "push-record.schema.json"]) {
    copyFileSync(join(root, "gen", name), join(directory, name));
  }
  // With comments: the reference and the editor show them.
  const descriptors = join(directory, "contract.binpb");
  runBuf(["build", "proto", "-o", relative(root, descriptors)]);
  const files = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptors)));
  writeFileSync(join(directory, "contract.json"), JSON.stringify(contractDocument(files)));
  writeProtos(join(directory, "proto.tar.gz"));
}

function writeProtos(archive: string): void {
  const folder = mkdtempSync(join(tmpdir(), "mdps-protos-"));
  try {
    runBuf(["export", "proto", "-o", folder]);
    writeFileSync(
      archive,
      gzipSync(packTar([...filesOf(folder, "**/*.proto"), ...filesOf(root, "{LICENSE,NOTICE}")])),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
