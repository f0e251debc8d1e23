import { globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pinnedGo, whyToolsDoNotRun } from "../go-tool.ts";
import { runBuf } from "../run-buf.ts";

/** The folder of the checkout, which the paths of generated files begin at. */
export const root = join(import.meta.dirname, "../..");

/** Folders that have only generated files. */
const folders = ["gen", "docs/reference"];

/** The Go module in `gen/`. Its go.mod and go.sum are written by hand and by `go mod tidy`. */
const goModule = "gen/go/";
const writtenByHand: ReadonlySet<string> = new Set([`${goModule}go.mod`, `${goModule}go.sum`]);

export type Generated = {
  /** Contents of files by path, with slashes. */
  readonly files: ReadonlyMap<string, string>;
  /** Why the Go module was not generated, or undefined if it was. */
  readonly goSkipped?: string;
};

/**
 * Generates from the protos, in a temporary folder, what these folders must contain. Without Go, everything except the Go
 * module, because Node and npm must suffice to change the contract.
 */
export function generate(): Generated {
  const folder = mkdtempSync(join(tmpdir(), "mdps-generated-"));
  try {
    runBuf(["generate", "--output", folder, "--template", "scripts/generate/buf.gen.yaml"]);
    runBuf(["generate", "--output", folder, "--template", "scripts/generate/buf.gen.server.yaml"]);
    runBuf(["generate", "--output", folder, "--template", "scripts/generate/buf.gen.codec.yaml"]);
    const goSkipped = whyToolsDoNotRun(["protoc-gen-go", "protoc-gen-go-grpc", "protoc-gen-connect-go"]);
    if (goSkipped === undefined) {
      Object.assign(process.env, pinnedGo);
      runBuf(["generate", "--output", folder, "--template", "scripts/generate/buf.gen.go.yaml"]);
    }
    const files = textsOf(folder);
    return goSkipped === undefined ? { files } : { files, goSkipped };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns the files that `generated` must equal: without what is written by hand or was skipped. */
export function committedFiles({ goSkipped }: Generated): Map<string, string> {
  const files = [...textsOf(root)].filter(
    ([path]) => !writtenByHand.has(path) && !(goSkipped !== undefined && path.startsWith(goModule)),
  );
  return new Map(files);
}

/** Returns the line that says that the Go module was skipped, or undefined. */
export function skippedNotice({ goSkipped }: Generated): string | undefined {
  return goSkipped === undefined ? undefined : `gen/go: skipped, ${goSkipped}`;
}

function textsOf(parent: string): Map<string, string> {
  const paths = globSync(
    folders.map((folder) => `${folder}/**/*`),
    { cwd: parent },
  );
  const files = paths.filter((path) => statSync(join(parent, path)).isFile());
  return new Map(files.map((path) => [path.replaceAll("\\", "/"), readFileSync(join(parent, path), "utf8")]));
}
