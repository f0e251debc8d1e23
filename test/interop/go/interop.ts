import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runBuf } from "../../../scripts/run-buf.ts";
import type { BuildContext, Command, Language } from "../language.ts";
import { askTool, runTool } from "../run-tool.ts";

const folder = import.meta.dirname;

/** Module of the contract's Go packages: the first part of `go_package`. */
const contractModule = "github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/gen/go";

/** Google's and Connect's RPC libraries. */
export const languages: readonly Language[] = [
  {
    name: `Go: grpc-go ${versionOf("google.golang.org/grpc")}`,
    protocols: ["grpc"],
    missing: missingGo,
    build: (context) => build(context, "grpc-go"),
  },
  {
    name: `Go: connect-go ${versionOf("connectrpc.com/connect")}`,
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

async function build({ workDir, log }: BuildContext, library: string): Promise<Command> {
  for (const file of readdirSync(folder).filter((name) => /\.go$|^go\./.test(name))) {
    copyFileSync(join(folder, file), join(workDir, file));
  }
  // The committed go.sum must be complete, and a go.work of the user must not have an effect.
  const env = { GOBIN: join(workDir, "bin"), GOFLAGS: "-mod=readonly", GOWORK: "off" };
  const options = { cwd: workDir, env, log };
  mkdirSync(env.GOBIN);
  await runTool("go", ["install", "tool"], options);
  generate(workDir, env.GOBIN);
  await runTool("go", ["vet", "./..."], options);
  await runTool("go", ["build", "-o", join(env.GOBIN, "interop"), "."], options);
  return { command: join(env.GOBIN, "interop"), args: [library] };
}

/** Generates the packages of the contract into the module of the program, at the paths of their `go_package`. */
function generate(workDir: string, bin: string): void {
  // The package of protovalidate, which Buf's registry hosts, is generated here like those of the contract.
  const module = `module=${contractModule}`;
  const validate = `Mbuf/validate/validate.proto=${contractModule}/buf/validate`;
  const plugins = ["protoc-gen-go", "protoc-gen-go-grpc", "protoc-gen-connect-go"].map((plugin) => ({
    local: join(bin, plugin),
    out: workDir,
    opt: [module, validate],
  }));
  const inputs = [{ directory: "proto" }, { directory: "proto-deps", paths: ["proto-deps/buf"] }];
  const template = join(workDir, "buf.gen.yaml");
  writeFileSync(template, JSON.stringify({ version: "v2", inputs, plugins }));
  runBuf(["generate", "--template", template]);
}
