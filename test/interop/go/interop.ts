import { copyFileSync, cpSync } from "node:fs";
import { join } from "node:path";
import { pinnedGo } from "../../../scripts/go-tool.ts";
import { runTool } from "../../../scripts/run-tool.ts";
import type { BuildContext, Command, ExampleContext, Language } from "../language.ts";
import { exampleEnv, exampleFolder } from "../testing-example.ts";
import { goVersionOf, missingGo } from "./module.ts";

const folder = import.meta.dirname;

/** Google's and Connect's RPC libraries. */
export const languages: readonly Language[] = [
  {
    name: `Go: grpc-go ${goVersionOf("google.golang.org/grpc", folder)}`,
    code: "Go module `gen/go`",
    protocols: ["grpc"],
    missing: () => missingGo(folder),
    build: (context) => build(context, "grpc-go"),
  },
  {
    name: `Go: connect-go ${goVersionOf("connectrpc.com/connect", folder)}`,
    code: "Go module `gen/go`",
    protocols: ["grpc", "grpc json", "grpc-web", "grpc-web json", "connect", "connect json"],
    missing: () => missingGo(folder),
    build: (context) => build(context, "connect-go"),
    testExample,
  },
];

/** Builds the program, which imports the module `gen/go`, with the versions of its go.mod. */
async function build({ workDir, log }: BuildContext, library: string): Promise<Command> {
  const options = { cwd: folder, env: pinnedGo, log };
  const program = join(workDir, "interop");
  await runTool("go", ["vet", "."], options);
  await runTool("go", ["build", "-o", program, "."], options);
  return { command: program, args: [library] };
}

/** Runs the tests of the example in a module of its own, with the versions of the program's go.mod. */
async function testExample({ workDir, log }: ExampleContext): Promise<void> {
  const options = { cwd: workDir, env: { ...pinnedGo, ...exampleEnv(workDir) }, log };
  cpSync(exampleFolder("go"), workDir, { recursive: true });
  for (const file of ["go.mod", "go.sum"]) {
    copyFileSync(join(folder, file), join(workDir, file));
  }
  const module = "github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/gen/go";
  const local = join(folder, "../../../gen/go");
  await runTool(
    "go",
    ["mod", "edit", "-module", "example.com/agent", `-replace=${module}=${local}`],
    options,
  );
  await runTool("go", ["vet", "."], options);
  await runTool("go", ["test", "-count=1", "."], options);
}
