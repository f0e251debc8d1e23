import { cpSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import manifest from "../../../package.json" with { type: "json" };
import { runBuf } from "../../run-buf.ts";
import { root } from "../artefacts.ts";
import { missingJava, writeJar } from "./java.ts";
import type { PackageContext } from "./package.ts";
import { missingPython, writeWheel } from "./python.ts";

type Package = {
  readonly missing: () => string | undefined;
  readonly write: (context: PackageContext) => Promise<void>;
};

/** The packages of generated code that a release has, by name. */
const packages = {
  "Python wheel": { missing: missingPython, write: writeWheel },
  "Java jar": { missing: missingJava, write: writeJar },
} satisfies Record<string, Package>;

export type PackageName = keyof typeof packages;

export type PackagesOptions = {
  /** Which to write. Defaults to all. */
  readonly names?: readonly PackageName[];
  /** Throw instead of skipping a package that cannot be built here. */
  readonly required?: boolean;
  /** Receives the output of tools. */
  log?(line: string): void;
};

/**
 * Writes the packages of generated code to a folder. Returns the reasons for those that this machine cannot build, such
 * as `Java jar: Maven is not installed`.
 */
export async function writePackages(folder: string, options: PackagesOptions = {}): Promise<string[]> {
  const { names = Object.keys(packages) as PackageName[], required = false, log = () => {} } = options;
  const workDir = mkdtempSync(join(tmpdir(), "mdps-packages-"));
  try {
    const protos = join(workDir, "protos");
    exportProtos(protos);
    const skipped: string[] = [];
    for (const name of names) {
      const why = packages[name].missing();
      if (why === undefined) {
        await packages[name].write({ protos, version: manifest.version, folder, workDir, log });
      } else {
        skipped.push(`${name}: ${why}`);
      }
    }
    if (required && skipped.length > 0) {
      throw new Error(`packages that cannot be built here:\n  ${skipped.join("\n  ")}`);
    }
    return skipped;
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

/** Writes what the packages contain of the protos: the contract, its service configs, and `buf/validate`. */
function exportProtos(folder: string): void {
  runBuf(["export", "proto", "--exclude-imports", "--output", folder]);
  runBuf(["export", "proto-deps", "--path", "proto-deps/buf", "--exclude-imports", "--output", folder]);
  for (const path of globSync("**/*.json", { cwd: join(root, "proto") })) {
    cpSync(join(root, "proto", path), join(folder, path));
  }
}
