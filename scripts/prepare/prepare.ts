/**
 * Creates what a build without the Buf registry needs, ignored by git (npm runs it after `npm ci`):
 *
 * - `proto-deps/`: the imported `.proto` files, copied from npm packages.
 * - `buf.local.yaml`: buf.yaml with these copies as modules.
 * - `gen-deps/`: the TypeScript of those files, imported as `#deps/…`.
 * - `gen-console/`: the page of the emulator, bundled.
 *
 * Needs no network. Only the bundle is made again when all are up to date, because that takes a second.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { localConfigFile, runBuf } from "../run-buf.ts";
import { localConfig } from "./local-config.ts";
import { printProto } from "./print-proto.ts";

const root = join(import.meta.dirname, "../..");
const protoFolder = join(root, "proto-deps");
const typeScriptFolder = join(root, "gen-deps");
const template = "scripts/prepare/buf.gen.deps.yaml";

/** Where each copied file comes from: a module of a package and the path from there. */
const copies = [
  ...[
    "google/api/annotations.proto",
    "google/api/client.proto",
    "google/api/field_behavior.proto",
    "google/api/http.proto",
    "google/api/httpbody.proto",
    "google/api/launch_stage.proto",
    "google/api/resource.proto",
    "google/rpc/code.proto",
    "google/rpc/error_details.proto",
    "google/rpc/status.proto",
    "google/type/money.proto",
  ].map((name) => ({ name, from: "google-gax", path: `../protos/${name}` })),
  {
    name: "grpc/health/v1/health.proto",
    from: "grpc-health-check",
    path: "../../proto/health/v1/health.proto",
  },
  ...["grpc/reflection/v1/reflection.proto", "grpc/reflection/v1alpha/reflection.proto"].map((name) => ({
    name,
    from: "@grpc/reflection",
    path: `../proto/${name}`,
  })),
];

if (isInstalled("@bufbuild/buf/package.json")) {
  prepareContract();
  const { buildConsole } = await import("../console/build-console.ts");
  await buildConsole(join(root, "gen-console"));
} else {
  console.log("prepare: skipped, the development dependencies are not installed");
}

function prepareContract(): void {
  const config = localConfig(readFileSync(join(root, "buf.yaml"), "utf8"));
  if (textOf(join(root, localConfigFile)) !== config) {
    writeFileSync(join(root, localConfigFile), config);
  }
  const protos = readProtos();
  const fingerprint = fingerprintOf([...protos].flat());
  const stamp = join(typeScriptFolder, ".fingerprint");
  const isCurrent = [...protos].every(([name, text]) => textOf(join(protoFolder, name)) === text);
  if (isCurrent && textOf(stamp) === fingerprint) {
    return;
  }

  rmSync(protoFolder, { recursive: true, force: true });
  rmSync(typeScriptFolder, { recursive: true, force: true });
  for (const [name, text] of protos) {
    mkdirSync(dirname(join(protoFolder, name)), { recursive: true });
    writeFileSync(join(protoFolder, name), text);
  }
  runBuf(["generate", "--template", template]);
  writeFileSync(stamp, fingerprint);
}

function readProtos(): Map<string, string> {
  const protos = new Map<string, string>();
  for (const { name, from, path } of copies) {
    protos.set(name, readFileSync(new URL(path, import.meta.resolve(from)), "utf8"));
  }
  return protos.set("buf/validate/validate.proto", printProto(file_buf_validate_validate));
}

/** Returns a hash of everything the output depends on: protos, template and version of the generator. */
function fingerprintOf(texts: readonly string[]): string {
  const generator = fileURLToPath(import.meta.resolve("@bufbuild/protoc-gen-es/package.json"));
  const hash = createHash("sha256");
  for (const text of [
    ...texts,
    readFileSync(join(root, template), "utf8"),
    readFileSync(generator, "utf8"),
  ]) {
    hash.update(text).update("\0");
  }
  return hash.digest("hex");
}

/** Returns the text of a file, or undefined if it does not exist. */
function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function isInstalled(module: string): boolean {
  try {
    import.meta.resolve(module);
    return true;
  } catch {
    return false;
  }
}
