import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { messageOfFileError } from "../../contract/file-error.ts";
import { ContractError } from "../contract-error.ts";
import type { Contract } from "../descriptors/contract.ts";
import { type JsonObject, objectOf } from "../json.ts";
import { withUnpacked } from "./archive.ts";
import { readDescriptorSet } from "./descriptor-set.ts";
import { readFolder } from "./folder.ts";
import { decompress, isGzip, maxBytes, requireSize } from "./limits.ts";
import { isTar } from "./tar.ts";

/** A contract that was read, by the form in which it was given. */
export type ContractInput =
  | { readonly form: "protobuf"; readonly contract: Contract }
  | { readonly form: "openapi"; readonly document: JsonObject };

/**
 * Reads a contract from a file or a folder: a descriptor set, an OpenAPI document, a tar archive or a folder of .proto
 * files, or the artefacts of a release. gzip is decompressed.
 *
 * @param path - The file or folder; `-` for standard input.
 * @throws {ContractError} If there is no contract in it.
 */
export function readContract(path: string): ContractInput {
  const name = path === "-" ? "standard input" : path;
  if (/^https?:\/\//.test(path)) {
    throw new ContractError(
      `${path}: URLs are not read. Download the file first, for example with curl -fsSLO`,
    );
  }
  const bytes = readBounded(name, path);
  return bytes === "folder" ? fromFolder(name, path) : fromBytes(name, bytes);
}

function fromFolder(name: string, folder: string): ContractInput {
  const contents = readFolder(name, folder);
  return "path" in contents
    ? readContract(contents.path)
    : { form: "protobuf", contract: readDescriptorSet(name, contents.descriptorSet) };
}

function fromBytes(name: string, bytes: Uint8Array): ContractInput {
  if (isGzip(bytes)) {
    return fromBytes(name, decompress(name, bytes));
  }
  if (bytes.length === 0) {
    throw new ContractError(`${name}: is empty`);
  }
  if (isTar(bytes)) {
    return withUnpacked(name, bytes, (folder) => fromFolder(name, folder));
  }
  const compression = compressions.find(({ start }) => start.every((byte, index) => bytes[index] === byte));
  if (compression !== undefined) {
    throw new ContractError(`${name}: ${compression.format} is not read. Unpack it, and pass the folder`);
  }
  if (name.endsWith(".proto")) {
    throw new ContractError(`${name}: pass the folder that the imports of the file are relative to`);
  }
  const [first] = Buffer.from(bytes.subarray(0, 1024)).toString("utf8").trimStart();
  return first === "{"
    ? fromJson(name, bytes)
    : { form: "protobuf", contract: readDescriptorSet(name, bytes) };
}

const compressions = [
  { format: "a zip archive", start: [0x50, 0x4b, 0x03, 0x04] },
  { format: "zstd", start: [0x28, 0xb5, 0x2f, 0xfd] },
  { format: "xz", start: [0xfd, 0x37, 0x7a, 0x58] },
  { format: "bzip2", start: [0x42, 0x5a, 0x68] },
];

function fromJson(name: string, bytes: Uint8Array): ContractInput {
  let document: JsonObject;
  try {
    document = objectOf(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch (error) {
    throw new ContractError(`${name}: is not valid JSON: ${(error as Error).message}`);
  }
  if (typeof document.openapi !== "string") {
    const known =
      document.file === undefined ? "" : ", or descriptor sets in binary (buf build -o contract.binpb)";
    throw new ContractError(
      `${name}: is not an OpenAPI 3 document. Of JSON files, only those are read${known}`,
    );
  }
  return { form: "openapi", document };
}

/** Reads a file to its end or the limit: pipes and devices have no size. */
function readBounded(name: string, path: string): Uint8Array | "folder" {
  const file = path === "-" ? 0 : open(name, path);
  try {
    if (fstatSync(file).isDirectory()) {
      return "folder";
    }
    requireSize(name, fstatSync(file).size);
    const chunks: Uint8Array[] = [];
    let total = 0;
    while (total <= maxBytes) {
      const chunk = new Uint8Array(1024 * 1024);
      const length = readSync(file, chunk);
      if (length === 0) {
        return Buffer.concat(chunks);
      }
      chunks.push(chunk.subarray(0, length));
      total += length;
    }
    requireSize(name, total);
    return Buffer.concat(chunks);
  } finally {
    if (path !== "-") {
      closeSync(file);
    }
  }
}

function open(name: string, path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw new ContractError(`${name}: cannot be read: ${messageOfFileError(error)}`);
  }
}
