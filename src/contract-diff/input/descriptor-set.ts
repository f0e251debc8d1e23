import { createFileRegistry, type FileRegistry, fromBinary } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { ContractError } from "../contract-error.ts";
import { type Contract, contractOf } from "../descriptors/contract.ts";

const howToBuild =
  "build it with `buf build -o contract.binpb` or `protoc --include_imports -o contract.binpb`";

/** Reads a `google.protobuf.FileDescriptorSet`, which an image of buf is, too. */
export function readDescriptorSet(name: string, bytes: Uint8Array): Contract {
  const files = decode(name, bytes).file;
  const marked = new Set(files.filter(isImport).map((file) => file.name));
  return contractOf(registryOf(name, files), marked);
}

function decode(name: string, bytes: Uint8Array): FileDescriptorSet {
  let set: FileDescriptorSet | undefined;
  try {
    set = fromBinary(FileDescriptorSetSchema, bytes);
  } catch {
    // The message below says what was expected.
  }
  if (set === undefined || set.file.length === 0 || set.file.some((file) => file.name === "")) {
    throw new ContractError(
      `${name}: is not a contract, or is truncated. Expected a descriptor set (${howToBuild}), a .tar.gz or a folder with ` +
        ".proto files, or an openapi.json",
    );
  }
  return set;
}

function registryOf(name: string, files: readonly FileDescriptorProto[]): FileRegistry {
  const sorted = sortByImports(name, files);
  try {
    return createFileRegistry({ $typeName: "google.protobuf.FileDescriptorSet", file: sorted });
  } catch (error) {
    throw new ContractError(
      `${name}: is not a valid descriptor set: ${(error as Error).message}. Fix its sources and ${howToBuild}`,
    );
  }
}

const maxImportDepth = 1_000;

/** Returns the files with imports before the files that import them. */
function sortByImports(name: string, files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const sorted = new Set<FileDescriptorProto>();
  const visiting = new Set<string>();
  const visit = (file: FileDescriptorProto) => {
    if (sorted.has(file)) {
      return;
    }
    if (visiting.has(file.name)) {
      throw new ContractError(`${name}: ${file.name} imports itself, directly or through other files`);
    }
    if (visiting.size >= maxImportDepth) {
      throw new ContractError(`${name}: more than ${maxImportDepth} files import one another in a row`);
    }
    visiting.add(file.name);
    for (const dependency of file.dependency) {
      const other = byName.get(dependency);
      if (other === undefined) {
        throw new ContractError(
          `${name}: ${file.name} imports ${dependency}, which the descriptor set does not contain: ${howToBuild}`,
        );
      }
      visit(other);
    }
    visiting.delete(file.name);
    sorted.add(file);
  };
  files.forEach(visit);
  return [...sorted];
}

/** The number of the extension by which buf says whether a file is only imported (`buf.alpha.image.v1`). */
const imageFileExtension = 8042;

/** Field 1 of the extension is `is_import`: the bytes 8 and 1. */
function isImport(file: FileDescriptorProto): boolean {
  const data = file.$unknown?.find(({ no }) => no === imageFileExtension)?.data;
  // The data begins with its length.
  return data !== undefined && data[1] === 8 && data[2] === 1;
}
