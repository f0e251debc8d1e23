/**
 * `npm run release [-- FOLDER]` writes the artefacts of a release, except the npm package, into `artefacts/` or another
 * folder. The same sources give the same bytes.
 *
 * - `proto.tar.gz`: the contract and all its imports, for every compiler that takes an include path.
 * - `contract.binpb`: the contract as a FileDescriptorSet, for buf, grpcurl and Envoy, and for breaking-change checks.
 * - `openapi.json` and the other documents generated from the contract.
 * - `examples.tar.gz`: a JSON example and a curl command for every message.
 * - `SHA256SUMS`: for `sha256sum -c`.
 */
import { createHash } from "node:crypto";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve, sep } from "node:path";
import { gzipSync } from "node:zlib";
import { runBuf } from "../run-buf.ts";
import { exampleFiles } from "./examples/examples.ts";
import { packTar, type TarEntry } from "./tar.ts";

const root = join(import.meta.dirname, "../..");
const folder = resolve(process.argv[2] ?? "artefacts");
const work = mkdtempSync(join(tmpdir(), "mdps-artefacts-"));

try {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const licences = filesOf(root, "{LICENSE,NOTICE}");
  runBuf(["export", "proto", "-o", work]);
  const protos = [...filesOf(work, "**/*.proto"), ...filesOf(join(root, "proto"), "**/*.json")];
  write("proto.tar.gz", gzipSync(packTar([...protos, ...licences])));
  runBuf(["build", "proto", "--exclude-source-info", "-o", join(folder, "contract.binpb")]);
  for (const { path, contents } of filesOf(join(root, "gen"), "*.json")) {
    write(path, contents);
  }
  const examples = [...exampleFiles()].map(([path, text]) => ({ path, contents: Buffer.from(text) }));
  write("examples.tar.gz", gzipSync(packTar([...examples, ...licences])));
  const sums = filesOf(folder, "*").map(
    ({ path, contents }) => `${createHash("sha256").update(contents).digest("hex")}  ${basename(path)}\n`,
  );
  write("SHA256SUMS", Buffer.from(sums.join("")));
  process.stdout.write(sums.join(""));
} finally {
  rmSync(work, { recursive: true, force: true });
}

function write(name: string, contents: Uint8Array): void {
  writeFileSync(join(folder, name), contents);
}

function filesOf(cwd: string, pattern: string): TarEntry[] {
  return globSync(pattern, { cwd })
    .toSorted()
    .map((path) => ({ path: path.split(sep).join("/"), contents: readFileSync(join(cwd, path)) }));
}
