import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ContractError } from "../contract-error.ts";
import { maxFiles } from "./limits.ts";
import { readTar } from "./tar.ts";

/** Files of an archive that matter for a comparison. */
const wanted = /(\.proto|(^|\/)(contract\.binpb|openapi\.json))$/;

/** Unpacks what matters of a tar archive into a temporary folder, which exists while `use` runs. */
export function withUnpacked<T>(name: string, archive: Uint8Array, use: (folder: string) => T): T {
  const files = readTar(name, archive).filter(({ path }) => wanted.test(path));
  if (files.length > maxFiles) {
    throw new ContractError(
      `${name}: has more than ${maxFiles} files. Expected the .proto files of a release`,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), "mdps-contract-"));
  try {
    for (const { path, contents } of files) {
      unpack(name, folder, path, contents);
    }
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function unpack(name: string, folder: string, path: string, contents: Uint8Array): void {
  const target = join(folder, path);
  try {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, contents);
  } catch (error) {
    // A path that is too long, or is both a file and a folder. The message of the system has a temporary path.
    const { code } = error as NodeJS.ErrnoException;
    throw new ContractError(
      `${name}: the path ${JSON.stringify(path.slice(0, shownPath))} cannot be unpacked (${code}). Create the archive again`,
    );
  }
}

const shownPath = 200;
