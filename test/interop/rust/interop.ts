import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runBuf } from "../../../scripts/run-buf.ts";
import { askTool, runTool } from "../../../scripts/run-tool.ts";
import type { Language } from "../language.ts";

const folder = import.meta.dirname;

/** Rust with tonic and tonic-web. prost-reflect parses JSON, because prost cannot. */
export const language: Language = {
  name: `Rust: ${["tonic", "prost", "prost-reflect"].map((crate) => `${crate} ${versionOf(crate)}`).join(", ")}`,
  code: "clone: tonic-build",
  protocols: ["grpc", "grpc-web"],
  missing() {
    const needed = numberOf(/^rust-version = "1\.(\d+)"/m, readFileSync(join(folder, "Cargo.toml"), "utf8"));
    const found = numberOf(/^cargo 1\.(\d+)/, askTool("cargo", ["--version"]) ?? "");
    if (found === undefined) {
      return "cargo is not installed";
    }
    return found >= (needed ?? 0) ? undefined : `cargo 1.${needed} is required, but 1.${found} is installed`;
  },
  async build({ workDir, log }) {
    const descriptors = join(workDir, "contract.binpb");
    const target = join(workDir, "target");
    runBuf(["build", "--as-file-descriptor-set", "--output", descriptors]);
    const env = { MDPS_DESCRIPTOR_SET: descriptors };
    await runTool("cargo", ["build", "--locked", "--target-dir", target], { cwd: folder, env, log });
    return { command: join(target, "debug", "mdps-interop"), args: [] };
  },
};

/** Returns the version of a crate in Cargo.lock. */
function versionOf(crate: string): string {
  const lock = readFileSync(join(folder, "Cargo.lock"), "utf8");
  const version = new RegExp(`^name = "${crate}"\nversion = "(.+)"$`, "m").exec(lock)?.[1];
  if (version === undefined) {
    throw new Error(`${folder}/Cargo.lock has no ${crate}`);
  }
  return version;
}

/** Returns the number that the pattern captures. */
function numberOf(pattern: RegExp, text: string): number | undefined {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
