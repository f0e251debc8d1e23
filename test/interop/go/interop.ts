import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pinnedGo } from "../../../scripts/go-tool.ts";
import { askTool, runTool } from "../../../scripts/run-tool.ts";
import type { BuildContext, Command, Language } from "../language.ts";

const folder = import.meta.dirname;

/** Google's and Connect's RPC libraries. */
export const languages: readonly Language[] = [
  {
    name: `Go: grpc-go ${versionOf("google.golang.org/grpc")}`,
    code: "Go module `gen/go`",
    protocols: ["grpc"],
    missing: missingGo,
    build: (context) => build(context, "grpc-go"),
  },
  {
    name: `Go: connect-go ${versionOf("connectrpc.com/connect")}`,
    code: "Go module `gen/go`",
    protocols: ["grpc", "grpc json", "grpc-web", "grpc-web json", "connect", "connect json"],
    missing: missingGo,
    build: (context) => build(context, "connect-go"),
  },
];

/** Returns the version of a module in go.mod. */
function versionOf(path: string): string {
  const required = readFileSync(join(folder, "go.mod"), "utf8")
    .split("\n")
    .map((line) => line.trim().split(" "))
    .find(([name]) => name === path);
  if (required?.[1] === undefined) {
    throw new Error(`${folder}/go.mod does not require ${path}`);
  }
  return required[1].replace(/^v/, "");
}

function missingGo(): string | undefined {
  const needed = /^go (\d+)\.(\d+)/m.exec(readFileSync(join(folder, "go.mod"), "utf8"));
  const found = /go(\d+)\.(\d+)\S*/.exec(askTool("go", ["version"]) ?? "");
  if (found === null) {
    return "go is not installed";
  }
  const [major, minor] = [Number(found[1]), Number(found[2])];
  const [neededMajor, neededMinor] = [Number(needed?.[1]), Number(needed?.[2])];
  return major > neededMajor || (major === neededMajor && minor >= neededMinor)
    ? undefined
    : `go ${neededMajor}.${neededMinor} is required, but ${found[0]} is installed`;
}

/** Builds the program, which imports the module `gen/go`, with the versions of its go.mod. */
async function build({ workDir, log }: BuildContext, library: string): Promise<Command> {
  const options = { cwd: folder, env: pinnedGo, log };
  const program = join(workDir, "interop");
  await runTool("go", ["vet", "."], options);
  await runTool("go", ["build", "-o", program, "."], options);
  return { command: program, args: [library] };
}
