import { gunzipSync } from "node:zlib";
import { ContractError } from "../contract-error.ts";

/** The most bytes that a contract has, also decompressed: a small archive can decompress to any size. */
export const maxBytes = 64 * 1024 * 1024;

/** The most .proto files and folders that are searched. */
export const maxFiles = 20_000;

export function requireSize(name: string, bytes: number): void {
  if (bytes > maxBytes) {
    throw tooLarge(name);
  }
}

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Decompresses gzip, at most `maxBytes`. */
export function decompress(name: string, bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") {
      throw tooLarge(name);
    }
    const cause = code === "Z_BUF_ERROR" ? "the file is truncated" : message;
    throw new ContractError(`${name}: cannot be decompressed: ${cause}. Download or create it again`);
  }
}

function tooLarge(name: string): ContractError {
  return new ContractError(
    `${name}: has more than ${maxBytes / 1024 / 1024} MiB, which is the limit, also after decompression. ` +
      "Expected a contract: .proto files, a descriptor set or an OpenAPI document",
  );
}
