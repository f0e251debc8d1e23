import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runBuf } from "../../../../scripts/run-buf.ts";
import { testCertificateFiles } from "../../../support/certificates/certificate.ts";
import { exportProtos } from "../../export-protos.ts";
import type { Language } from "../../language.ts";
import { askTool, runTool } from "../../run-tool.ts";

const folder = import.meta.dirname;
const module = "local/googleauth";

/** golang.org/x/oauth2 with grpc-go. */
export const language: Language = {
  name: `Go: golang.org/x/oauth2 ${versionOf("golang.org/x/oauth2")}`,
  missing,
  async build({ workDir, log }) {
    for (const file of ["go.mod", "go.sum", "main.go"]) {
      cpSync(join(folder, file), join(workDir, file));
    }
    exportProtos(join(workDir, "protos"));
    const bin = join(workDir, "bin");
    // The committed go.sum must be complete, and a go.work of the user must not have an effect.
    const options = { cwd: workDir, env: { GOBIN: bin, GOFLAGS: "-mod=readonly", GOWORK: "off" }, log };
    // The `tool` lines of go.mod: generators in the versions of the module.
    await runTool("go", ["install", "tool"], options);
    const template = join(workDir, "buf.gen.json");
    writeFileSync(template, JSON.stringify(templateFor(workDir, bin)));
    runBuf(["generate", "--template", template]);
    const program = join(workDir, "program");
    await runTool("go", ["build", "-o", program, "."], options);
    return { command: program, args: [], env: { SSL_CERT_FILE: testCertificateFiles.cert } };
  },
};

/** Returns a template for buf that generates the API and buf/validate; Google's packages come from genproto. */
function templateFor(workDir: string, bin: string): object {
  const overrides = [
    ["mobiledataplansharing/v1", "mobiledataplansharing/v1;mobiledataplansharing"],
    ["buf/validate", "buf/validate"],
  ].map(([path, name]) => ({ file_option: "go_package", path, value: `${module}/gen/${name}` }));
  return {
    version: "v2",
    managed: { enabled: true, disable: [{ path: "google" }], override: overrides },
    inputs: [
      { directory: "proto", paths: ["proto/mobiledataplansharing/v1"] },
      { directory: "proto-deps", paths: ["proto-deps/buf"] },
    ],
    plugins: ["go", "go-grpc"].map((name) => ({
      local: join(bin, `protoc-gen-${name}`),
      out: workDir,
      opt: [`module=${module}`],
    })),
  };
}

function missing(): string | undefined {
  const installed = /go(\d+)\.(\d+)/.exec(askTool("go", ["version"]) ?? "");
  if (installed === null) {
    return "go is not installed";
  }
  const [major = 0, minor = 0] = versionOf("go").split(".").map(Number);
  const [, installedMajor, installedMinor] = installed.map(Number);
  const isEnough =
    Number(installedMajor) > major || (Number(installedMajor) === major && Number(installedMinor) >= minor);
  return isEnough ? undefined : `go ${major}.${minor} or later is required, but ${installed[0]} is installed`;
}

/** Returns the version of a module, or of Go itself, in go.mod. */
function versionOf(path: string): string {
  const file = join(folder, "go.mod");
  const version = new RegExp(`^\\s*${path} v?(\\S+)`, "m").exec(readFileSync(file, "utf8"))?.[1];
  if (version === undefined) {
    throw new Error(`${file} does not require ${path}`);
  }
  return version;
}
