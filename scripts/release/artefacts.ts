import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { gzipSync } from "node:zlib";
import manifest from "../../package.json" with { type: "json" };
import { packTar, type TarEntry } from "./tar.ts";

/** Root of the repository. */
export const root = join(import.meta.dirname, "../..");

/** The folder of a release. Steps of the release write their files with it. */
export type Artefacts = {
  readonly folder: string;
  /** Writes a file. */
  write(name: string, contents: Uint8Array): void;
  /** Writes a gzipped tar archive, with the licence and the version of the release. */
  writeArchive(name: string, files: readonly TarEntry[]): void;
  /** Writes SHA256SUMS over all files. Returns its text. */
  writeSums(): string;
};

/** Creates an empty folder for a release, with its VERSION. Removes what it contained. */
export function createArtefacts(folder: string): Artefacts {
  const version: TarEntry = { path: "VERSION", contents: Buffer.from(`${manifest.version}\n`) };
  const common = [version, ...filesOf(root, "{LICENSE,NOTICE}")];
  const write = (name: string, contents: Uint8Array) => writeFileSync(join(folder, name), contents);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  write(version.path, version.contents);
  return {
    folder,
    write,
    writeArchive: (name, files) => write(name, gzipSync(packTar([...files, ...common]))),
    writeSums() {
      const sums = filesOf(folder, "*")
        .map(({ path, contents }) => `${createHash("sha256").update(contents).digest("hex")}  ${path}\n`)
        .join("");
      write("SHA256SUMS", Buffer.from(sums));
      return sums;
    },
  };
}

/** Returns the files in a folder that a glob pattern matches, sorted by path. */
export function filesOf(folder: string, pattern: string): TarEntry[] {
  return globSync(pattern, { cwd: folder })
    .toSorted()
    .map((path) => ({ path: path.split(sep).join("/"), contents: readFileSync(join(folder, path)) }));
}
