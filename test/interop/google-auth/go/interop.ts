import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pinnedGo } from "../../../../scripts/go-tool.ts";
import { askTool, runTool } from "../../../../scripts/run-tool.ts";
import { testCertificateFiles } from "../../../support/certificates/certificate.ts";
import type { Language } from "../../language.ts";

const folder = import.meta.dirname;

/** golang.org/x/oauth2 with grpc-go. */
export const language: Language = {
  name: `Go: golang.org/x/oauth2 ${versionOf("golang.org/x/oauth2")}`,
  code: "Go module `gen/go`",
  missing,
  async build({ workDir, log }) {
    const program = join(workDir, "program");
    await runTool("go", ["build", "-o", program, "."], { cwd: folder, env: pinnedGo, log });
    return { command: program, args: [], env: { SSL_CERT_FILE: testCertificateFiles.cert } };
  },
};

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
