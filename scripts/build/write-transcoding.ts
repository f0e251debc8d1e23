import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Target } from "./published-manifest.ts";
import { reachedFiles } from "./reached-files.ts";
import { type MainManifest, transcodingManifest } from "./transcoding-manifest.ts";

/**
 * Writes the package of the transcoding library into a folder: its manifest, its README, the licence, and what its entry
 * points reach of the main package. `main`: the published manifest of the package that was built into `dist`.
 */
export function writeTranscoding(root: string, dist: string, folder: string, main: MainManifest): void {
  const manifest = transcodingManifest(main);
  const entries = targetsOf(manifest.exports).filter((path) => path.endsWith(".js"));
  rmSync(folder, { recursive: true, force: true });
  for (const path of reachedFiles(dist, entries)) {
    copy(join(dist, path), join(folder, path));
  }
  copy(join(root, "src/transcoding/README.md"), join(folder, "README.md"));
  for (const path of ["LICENSE", "NOTICE"]) {
    copy(join(root, path), join(folder, path));
  }
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

function targetsOf(targets: Readonly<Record<string, Target>>): string[] {
  return Object.values(targets).flatMap((target) =>
    typeof target === "string" ? [target] : targetsOf(target),
  );
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}
