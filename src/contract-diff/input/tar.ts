import { ContractError } from "../contract-error.ts";

/** A file of an archive or a folder: its path with slashes, and its contents. */
export type SourceFile = { readonly path: string; readonly contents: Uint8Array };

const block = 512;

const kinds: Readonly<Record<string, string>> = {
  "1": "a hard link",
  "2": "a symbolic link",
  "3": "a device",
  "4": "a device",
  "6": "a named pipe",
};

export function isTar(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(257, 262)).toString("latin1") === "ustar";
}

/**
 * Reads the regular files of a tar archive (ustar, pax, GNU). Nothing is written.
 *
 * @throws {ContractError} If the archive is truncated or corrupt, or if a path leaves the archive or is a link.
 */
export function readTar(name: string, bytes: Uint8Array): SourceFile[] {
  const files = new Map<string, SourceFile>();
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let longPath: string | undefined;
  for (let at = 0; ; ) {
    const header = archive.subarray(at, at + block);
    if (header.length < block) {
      throw truncated(name);
    }
    // An empty block ends the archive.
    if (header.every((byte) => byte === 0)) {
      return [...files.values()];
    }
    requireChecksum(name, header);
    const size = octal(header.subarray(124, 136));
    const contents = archive.subarray(at + block, at + block + size);
    if (contents.length < size) {
      throw truncated(name);
    }
    at += block + Math.ceil(size / block) * block;
    const type = header.toString("latin1", 156, 157).replace("\0", "0");
    if (type === "L") {
      longPath = text(contents);
    } else if (type === "x") {
      longPath = paxPath(contents) ?? longPath;
    } else if (type !== "g") {
      const path = cleanPath(name, longPath ?? headerPath(header));
      longPath = undefined;
      const kind = kinds[type];
      if (kind !== undefined) {
        throw new ContractError(
          `${name}: ${path} is ${kind}, which is not read. Pack the archive from regular files (tar --dereference)`,
        );
      }
      if (type === "0" && path !== "") {
        files.set(path, { path, contents });
      }
    }
  }
}

function truncated(name: string): ContractError {
  return new ContractError(`${name}: the archive is truncated. Download or create it again`);
}

function requireChecksum(name: string, header: Buffer): void {
  // The checksum is computed with spaces in its own field.
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (octal(header.subarray(148, 156)) !== sum) {
    throw new ContractError(
      `${name}: the archive is corrupt: a header has a wrong checksum. Download or create it again`,
    );
  }
}

function headerPath(header: Buffer): string {
  const isPosix = header.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isPosix ? text(header.subarray(345, 500)) : "";
  const path = text(header.subarray(0, 100));
  return prefix === "" ? path : `${prefix}/${path}`;
}

/** Returns the path of a pax header, which has records such as `27 path=some/file.proto`. */
function paxPath(contents: Buffer): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(contents.toString("utf8"))?.[1];
}

/** Returns the path without `./`. Archives could otherwise write outside of the folder into which they are unpacked. */
function cleanPath(name: string, path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (path.startsWith("/") || /[\\:\0]/.test(path) || parts.includes("..")) {
    throw new ContractError(
      `${name}: the path ${JSON.stringify(path)} leaves the archive. Expected relative paths without "..", "\\" and ":"`,
    );
  }
  return parts.join("/");
}

function octal(field: Buffer): number {
  return Number.parseInt(text(field).trim(), 8) || 0;
}

function text(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end === -1 ? bytes.length : end);
}
