import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { ContractError } from "../contract-error.ts";
import { compile } from "./compile.ts";
import { maxFiles, requireSize } from "./limits.ts";

/** Files that a folder without .proto files may have instead: the first one is read. */
const artefacts = ["contract.binpb", "proto.tar.gz", "openapi.json"];

/** What a folder has to compare: another file, or a compiled descriptor set. */
export type FolderContents = { readonly path: string } | { readonly descriptorSet: Uint8Array };

/**
 * Finds the contract in a folder: its .proto files, which are compiled, or the artefacts of a release.
 *
 * @param name - How messages call the folder.
 */
export function readFolder(name: string, folder: string): FolderContents {
  const { protos, isPart } = protosIn(name, folder);
  const artefact = artefacts
    .map((file) => join(folder, file))
    .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  if (protos.length === 0) {
    if (artefact !== undefined) {
      return { path: artefact };
    }
    throw new ContractError(`${name}: has no .proto files, and none of ${artefacts.join(", ")}`);
  }
  const root = includePath(name, folder, protos);
  const paths = protos.map((path) => relative(root, path)).filter((path) => !path.startsWith(".."));
  return { descriptorSet: compile(name, root, paths, isPart) };
}

/** Finds all .proto files below a folder, without hidden folders and installed packages, and says if it has such. */
function protosIn(name: string, folder: string): { protos: string[]; isPart: boolean } {
  let isPart = false;
  let bytes = 0;
  const found: string[] = [];
  const folders = [folder];
  for (const current of folders) {
    for (const entry of readdirSync(current, { withFileTypes: true })) {
      const path = join(current, entry.name);
      if (entry.isDirectory()) {
        const isSkipped = entry.name.startsWith(".") || entry.name === "node_modules";
        isPart ||= isSkipped;
        folders.push(...(isSkipped ? [] : [path]));
      } else if (entry.name.endsWith(".proto")) {
        bytes += sizeOf(name, path);
        requireSize(name, bytes);
        found.push(path);
      }
    }
    if (found.length + folders.length > maxFiles) {
      throw new ContractError(
        `${name}: has more than ${maxFiles} folders and files. Expected a folder of .proto files`,
      );
    }
  }
  return { protos: found.toSorted(), isPart };
}

/** Returns the size of a file. Named pipes and devices would be read without end, also by compilers. */
function sizeOf(name: string, path: string): number {
  const stats = statSync(path);
  if (!stats.isFile()) {
    throw new ContractError(`${name}: ${path} is not a regular file. Remove it, or pass another folder`);
  }
  return stats.size;
}

/** Returns the folder that imports are relative to: the one in which the folders of packages are, unless buf knows it. */
function includePath(name: string, folder: string, protos: readonly string[]): string {
  if (existsSync(join(folder, "buf.yaml"))) {
    return folder;
  }
  const roots = new Set(protos.flatMap((path) => rootOf(path) ?? []));
  const [root = folder] = roots;
  if (roots.size > 1) {
    const list = [...roots].map((each) => relative(folder, each) || ".").join(", ");
    throw new ContractError(
      `${name}: has .proto files for several include paths: ${list}. Pass one of them, or add a buf.yaml that lists them`,
    );
  }
  return root;
}

/** Returns the folder from which the path of a file is its package: for `proto/acme/v1/a.proto` of acme.v1, `proto`. */
function rootOf(path: string): string | undefined {
  const [, name] = /^\s*package\s+([\w.]+)\s*;/m.exec(readFileSync(path, "utf8")) ?? [];
  const folders = path.split(sep).slice(0, -1);
  const parts = name?.split(".") ?? [];
  const isWithin = parts.length > 0 && parts.join("/") === folders.slice(-parts.length).join("/");
  return isWithin ? folders.slice(0, -parts.length).join(sep) || "." : undefined;
}
