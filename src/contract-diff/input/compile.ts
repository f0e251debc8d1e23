import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ContractError } from "../contract-error.ts";
import { maxBytes } from "./limits.ts";

/** A program that compiles .proto files, with its first arguments. */
type Compiler = { readonly kind: "buf" | "protoc"; readonly command: readonly [string, ...string[]] };

/** What to do without a compiler. */
const compilerAdvice =
  "install buf (https://buf.build/docs/cli/installation, or npm install -D @bufbuild/buf) or protoc, or pass the " +
  "contract.binpb of the releases, which needs no compiler";

const timeoutMs = 120_000;

/** Returns the compilers to try: buf from the `PATH` or from its npm package beside this one, then protoc. */
export function compilers(): Compiler[] {
  return [{ kind: "buf", command: ["buf"] }, ...bufPackage(), { kind: "protoc", command: ["protoc"] }];
}

function bufPackage(): Compiler[] {
  try {
    const path = fileURLToPath(import.meta.resolve("@bufbuild/buf/bin/buf"));
    return [{ kind: "buf", command: [process.execPath, path] }];
  } catch {
    return [];
  }
}

/**
 * Compiles .proto files into a descriptor set with their imports.
 *
 * @param name - What the files are from, for messages.
 * @param folder - The include path: imports are relative to it. buf uses the buf.yaml that it belongs to.
 * @param paths - The files to compile, relative to the folder.
 * @param isPart - Whether the folder has more .proto files, which are not compiled.
 * @param candidates - Compilers: the first one that is installed is used.
 * @throws {ContractError} If they do not compile. The message has the file and the line.
 */
export function compile(
  name: string,
  folder: string,
  paths: readonly string[],
  isPart: boolean,
  candidates: readonly Compiler[] = compilers(),
): Uint8Array {
  const work = mkdtempSync(join(tmpdir(), "mdps-compiled-"));
  const output = join(work, "contract.binpb");
  const files = paths.map((path) => join(folder, path));
  const selection = isPart ? files.flatMap((path) => ["--path", path]) : [];
  const argsOf = {
    buf: ["build", folder, "--exclude-source-info", "-o", output, ...selection],
    protoc: ["-I", folder, "--include_imports", "-o", output, ...files],
  };
  try {
    for (const { kind, command } of candidates) {
      if (run(name, folder, kind, [...command, ...argsOf[kind]])) {
        return readFileSync(output);
      }
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  throw new ContractError(`${name}: has .proto files, but no compiler was found: ${compilerAdvice}`);
}

/** Runs a compiler. Returns false if it is not installed. */
function run(
  name: string,
  folder: string,
  kind: string,
  [program = "", ...args]: readonly string[],
): boolean {
  const options = { timeout: timeoutMs, encoding: "utf8", maxBuffer: maxBytes } as const;
  const { status, stdout, stderr, error } = spawnSync(program, args, options);
  if (error !== undefined && "code" in error && error.code === "ENOENT") {
    return false;
  }
  if (status !== 0) {
    const output = `${stderr ?? ""}${stdout ?? ""}`.replaceAll(`${folder}/`, "").trim();
    const problems = firstLines(output || (error?.message ?? `exit code ${status}`));
    const advice = /\bremote\b/.test(output) ? `\n${registryAdvice}` : "";
    throw new ContractError(`${name}: does not compile with ${kind}:\n${problems}${advice}`);
  }
  return true;
}

/** buf.yaml may name modules of the Buf registry. */
const registryAdvice =
  "If the Buf registry cannot be reached, pass a folder that has all imports (buf export), or a contract.binpb";

const maxLines = 20;

function firstLines(text: string): string {
  const lines = text.split("\n");
  const rest = lines.length - maxLines;
  return rest > 0 ? `${lines.slice(0, maxLines).join("\n")}\n(${rest} more lines)` : text;
}
