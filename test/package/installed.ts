import { execFile } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { environmentOf, npm } from "./npm.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");

/** The paths of the tarballs of both packages. */
export type Tarballs = { readonly main: string; readonly transcoding: string };

/** Builds both packages and packs them into a folder. */
export async function packPackages(folder: string): Promise<Tarballs> {
  await run(process.execPath, [join(root, "scripts/build/build.ts")], { cwd: root });
  const pack = async (built: string) => {
    const args = ["pack", "--json", "--pack-destination", folder];
    const packed = await npm(process.execPath, join(root, built), args);
    return join(folder, (JSON.parse(packed) as { filename: string }[])[0]?.filename ?? "");
  };
  return { main: await pack("dist"), transcoding: await pack("dist-transcoding") };
}

/** A project of a user, in which the package is installed. */
export type Project = {
  readonly folder: string;
  /** Path of the Node that the project uses. */
  readonly node: string;
  /** Folder of the installed package. */
  readonly packageFolder: string;
  /** Command that starts the installed program. */
  readonly program: readonly [file: string, ...args: string[]];
  /** The environment to start it in. */
  readonly env: Record<string, string>;
  /** Runs source text as a module in the project and returns its output. */
  evaluate(text: string, flags?: readonly string[]): Promise<string>;
};

/** Installs a tarball in an empty project, with `--engine-strict` so that npm checks the Node version. */
export async function installPackage(tarball: string, node: string): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), "mdps-package-"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await npm(node, folder, ["install", "--engine-strict", tarball]);
  const packageFolder = join(folder, "node_modules", "mobile-data-plan-sharing");
  const { bin } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
  return {
    folder,
    node,
    packageFolder,
    // On Windows, npm installs a shell script instead.
    program:
      process.platform === "win32"
        ? [node, join(packageFolder, bin.mdps)]
        : [join(folder, "node_modules", ".bin", "mdps")],
    env: environmentOf(node),
    async evaluate(text, flags = []) {
      const { stdout } = await run(node, [...flags, "--input-type=module", "--eval", text], {
        cwd: folder,
        env: environmentOf(node),
      });
      return stdout;
    },
  };
}

/** Compiles consumer.ts in strict mode in a project with the package. Returns what the compiler printed. */
export async function compileConsumer(node: string, folder: string): Promise<string> {
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  await npm(node, folder, ["install", `@types/node@${devDependencies["@types/node"]}`]);
  copyFileSync(join(import.meta.dirname, "consumer.ts"), join(folder, "consumer.ts"));
  const compilerOptions = {
    module: "nodenext",
    target: "es2024",
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    resolveJsonModule: true,
    skipLibCheck: false,
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { stdout } = await run(process.execPath, [tsc, "-p", folder]).catch((error) => error);
  return stdout;
}
