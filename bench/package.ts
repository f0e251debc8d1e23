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

/** Returns the size of a page's script that calls a service over REST, compressed. */
async function bundleSize(project: string): Promise<string> {
  const { outputFiles } = await build({
    ...forBrowsers,
    format: "esm",
    write: false,
    stdin: {
      resolveDir: project,
      contents: `
        export { createClient } from "@connectrpc/connect";
        export { createRestTransport } from "mobile-data-plan-sharing/transcoding/client";
        export { PlanStatusService } from "mobile-data-plan-sharing/gen/mobiledataplansharing/v1/plan_status_service_pb.js";
      `,
    },
  });
  return `${(gzipSync(outputFiles[0]?.contents ?? "").length / 1000).toFixed(0)} kB`;
}

const folder = mkdtempSync(join(tmpdir(), "mdps-bench-"));
try {
  const { main: tarball, transcoding } = await packPackages(folder);
  const project = await installPackage(tarball, process.execPath);
  const modules = join(project.folder, "node_modules");
  const lock = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8"));
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(join(project.packageFolder, "package.json"), "utf8"),
  );
  const rows = [
    ["the package, unpacked", sizeOf(project.packageFolder)],
    ["of it the generated codecs", sizeOf(project.packageFolder, /_codec\.(js|d\.ts)$/)],
    ["of it the page of the emulator", sizeOf(project.packageFolder, /^gen-console/)],
    ["installed with all dependencies", sizeOf(modules)],
    ["script of a page that calls PlanStatusService over REST, compressed", await bundleSize(project.folder)],
  ];
  rmSync(project.folder, { recursive: true, force: true });
  writeSection("package", [
    ["npm install mobile-data-plan-sharing", ""],
    ["tarball", megabytes(statSync(tarball).size)],
    ...rows,
    ["direct dependencies (at most 12)", `${Object.keys(dependencies).length}`],
    // The lock file lists the package itself too.
    ["dependencies, transitive ones included", `${Object.keys(lock.packages).length - 1}`],
    ["optional peer dependencies", Object.keys(peerDependencies).join(", ")],
    ["connect-http-transcoding, tarball", megabytes(statSync(transcoding).size)],
    ["connect-http-transcoding, unpacked", sizeOf(join(import.meta.dirname, "../dist-transcoding"))],
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
