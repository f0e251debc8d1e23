/**
 * Builds the package into `dist/`, which is packed and published. It has the layout of the repository, with `.js` and
 * `.d.ts` files instead of `.ts`:
 *
 * - `src/`, `gen/`, `gen-deps/`: compiled by tsc.
 * - `proto/`: the contract and all its imports, so that `protoc -I` needs no other folder.
 * - `gen-console/`: the page of the emulator, bundled.
 * - `deploy/systemd/`: the unit, its user and its settings, which run this version of the program.
 * - `contract.binpb`, `gen/*.json`: the contract as descriptors, and the documents generated from it.
 * - `README.md`: the page of the package at npm.
 * - `package.json`: that of the repository, with the paths of the compiled files.
 *
 * What the transcoding library needs of it goes into `dist-transcoding/`, which is a package of its own.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildConsole } from "../console/build-console.ts";
import { runBuf } from "../run-buf.ts";
import { publishedManifest } from "./published-manifest.ts";
import { writeTranscoding } from "./write-transcoding.ts";

const root = join(import.meta.dirname, "../..");
const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
runTsc(["-p", "scripts/build/tsconfig.build.json"]);
await buildConsole(join(dist, "gen-console"));
runBuf(["export", "proto", "-o", join("dist", "proto")]);
runBuf(["build", "proto", "--exclude-source-info", "-o", join("dist", "contract.binpb")]);
for (const pattern of [
  "proto/**/*.json",
  "gen/*.json",
  "deploy/systemd/*",
  "CHANGELOG.md",
  "LICENSE",
  "NOTICE",
]) {
  for (const path of globSync(pattern, { cwd: root })) {
    mkdirSync(dirname(join(dist, path)), { recursive: true });
    copyFileSync(join(root, path), join(dist, path));
  }
}
copyFileSync(join(import.meta.dirname, "npm-readme.md"), join(dist, "README.md"));
const manifest = publishedManifest(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
writeFileSync(join(dist, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
for (const program of Object.values<string>(manifest.bin)) {
  chmodSync(join(dist, program), 0o755);
}
writeTranscoding(root, dist, join(root, "dist-transcoding"), manifest);

function runTsc(args: readonly string[]): void {
  const tsc = join(dirname(fileURLToPath(import.meta.resolve("typescript/package.json"))), "bin", "tsc");
  const { status, error } = spawnSync(process.execPath, [tsc, ...args], { cwd: root, stdio: "inherit" });
  if (error) {
    throw error;
  }
  if (status !== 0) {
    throw new Error(`tsc ${args.join(" ")} exited with ${status}`);
  }
}
