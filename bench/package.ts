/**
 * Packs the package, installs it in an empty project, and writes sizes and numbers of dependencies to the README. Sizes
 * are sums of file lengths, so that they do not depend on the file system.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { forBrowsers } from "../scripts/console/build-console.ts";
import { installPackage, packPackages } from "../test/package/installed.ts";
import { writeSection } from "./support/report.ts";

const packageName = "mobile-data-plan-sharing";

/**
 * Returns the size of the files in a folder whose path there matches, subfolders included, such as `2.08 MB, 709 files`. The
 * size is the sum of their lengths.
 */
function sizeOf(folder: string, path = /^/): string {
  const lengths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => path.test(relative(folder, file)))
    .map((file) => statSync(file).size);
  return `${megabytes(lengths.reduce((sum, length) => sum + length, 0))}, ${lengths.length} files`;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(0)} kB`;

/** Bundles source text of a page in a project. */
function bundle(project: string, contents: string) {
  return build({
    ...forBrowsers,
    absWorkingDir: project,
    format: "esm",
    write: false,
    metafile: true,
    stdin: { resolveDir: project, contents },
  });
}

/** Returns the sizes of a page's script, such as `482 kB, 124 kB compressed`. */
async function scriptSize(project: string, contents: string): Promise<string> {
  const { outputFiles } = await bundle(project, contents);
  const script = outputFiles[0]?.contents ?? new Uint8Array();
  return `${kilobytes(script.length)}, ${kilobytes(gzipSync(script).length)} compressed`;
}

/** Returns the size of the files that an entry of the package imports, directly or not, with those of its dependencies. */
async function importedSize(project: string, entry: string): Promise<string> {
  const { metafile } = await bundle(project, `export * from "${entry}";`);
  const inputs = Object.entries(metafile.inputs).filter(([path]) => path !== "<stdin>");
  const bytes = inputs.reduce((sum, [, input]) => sum + input.bytes, 0);
  return `${megabytes(bytes)}, ${inputs.length} files`;
}

const contract = `${packageName}/contract`;
const scripts = {
  "everything in `…/contract`": `export * from "${contract}";`,
  "`validate` of `…/contract`": `export { validate } from "${contract}";`,
  "`planStatusOf` and balances of `…/contract`, without rules": `
    export { byteBalance, money, planStatusOf } from "${contract}";`,
  "PlanStatusService over REST": `
    export { createClient } from "@connectrpc/connect";
    export { createRestTransport } from "${packageName}/transcoding/client";
    export { PlanStatusService } from "${contract}";`,
};

const folder = mkdtempSync(join(tmpdir(), "mdps-bench-"));
try {
  const { main: tarball, transcoding } = await packPackages(folder);
  const project = await installPackage(tarball, process.execPath);
  const modules = join(project.folder, "node_modules");
  const lock = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8"));
  const { dependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
    readFileSync(join(project.packageFolder, "package.json"), "utf8"),
  );
  const peers = Object.keys(peerDependencies);
  const rows = [
    ["the package, unpacked", sizeOf(project.packageFolder)],
    ["of it the generated codecs", sizeOf(project.packageFolder, /_codec\.(js|d\.ts)$/)],
    ["of it the page of the emulator", sizeOf(project.packageFolder, /^gen-console/)],
    ["installed with all dependencies", sizeOf(modules)],
    ["of it the files that `…/contract` imports", await importedSize(project.folder, contract)],
  ];
  for (const [name, contents] of Object.entries(scripts)) {
    rows.push([`script of a page: ${name}`, await scriptSize(project.folder, contents)]);
  }
  rmSync(project.folder, { recursive: true, force: true });
  writeSection("package", [
    ["npm install mobile-data-plan-sharing", ""],
    ["tarball", megabytes(statSync(tarball).size)],
    ...rows,
    ["direct dependencies (at most 12)", `${Object.keys(dependencies).length}`],
    // The lock file lists the package itself too.
    ["dependencies, transitive ones included", `${Object.keys(lock.packages).length - 1}`],
    ["peer dependencies", peers.filter((name) => peerDependenciesMeta[name] === undefined).join(", ")],
    ["optional peer dependencies", Object.keys(peerDependenciesMeta).join(", ")],
    ["connect-http-transcoding, tarball", megabytes(statSync(transcoding).size)],
    ["connect-http-transcoding, unpacked", sizeOf(join(import.meta.dirname, "../dist-transcoding"))],
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
