import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { contractDocument } from "../../../scripts/console/contract/document.ts";

const descriptors = readFileSync(join(import.meta.dirname, "../../../gen-console/contract.binpb"));

/** The contract as the console gets it, from the descriptors that `npm run prepare` builds. */
export const builtContract = contractDocument(
  createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors)),
);
