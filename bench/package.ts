/**
 * Packs the package, installs it in an empty project, and writes sizes and numbers of dependencies to the README. Sizes
 * are sums of file lengths, so that they do not depend on the file system.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPackage, packPackage } from "../test/package/installed.ts";
import { writeSection } from "./support/report.ts";

/** Returns the number of files in a folder, subfolders included, and the sum of their lengths in bytes. */
function contentsOf(folder: string): { files: number; bytes: number } {
  const lengths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
  return { files: lengths.length, bytes: lengths.reduce((sum, length) => sum + length, 0) };
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;

const folder = mkdtempSync(join(tmpdir(), "mdps-bench-"));
try {
  const tarball = await packPackage(folder);
  const project = await installPackage(tarball, process.execPath);
  const modules = join(project.folder, "node_modules");
  const lock = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8"));
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(join(project.packageFolder, "package.json"), "utf8"),
  );
  const own = contentsOf(project.packageFolder);
  const all = contentsOf(modules);
  rmSync(project.folder, { recursive: true, force: true });
  writeSection("package", [
    ["npm install mobile-data-plan-sharing", ""],
    ["tarball", megabytes(statSync(tarball).size)],
    ["the package, unpacked", `${megabytes(own.bytes)}, ${own.files} files`],
    ["installed with all dependencies", `${megabytes(all.bytes)}, ${all.files} files`],
    ["direct dependencies (at most 12)", `${Object.keys(dependencies).length}`],
    // The lock file lists the package itself too.
    ["dependencies, transitive ones included", `${Object.keys(lock.packages).length - 1}`],
    ["optional peer dependencies", Object.keys(peerDependencies).join(", ")],
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
