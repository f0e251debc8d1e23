import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { environmentOf, npm } from "../npm.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..", "..");
const buf = fileURLToPath(import.meta.resolve("@bufbuild/buf/bin/buf"));
const readme = readFileSync(join(root, "src/transcoding/README.md"), "utf8");

/** A project that was made as the README of the transcoding library says. */
export type ReadmeProject = {
  readonly folder: string;
  /** Path of the Node that it uses. */
  readonly node: string;
  readonly env: Record<string, string>;
  /** Writes a file. */
  write(path: string, text: string): void;
  /** Installs more packages. */
  install(...packages: readonly string[]): Promise<void>;
  /**
   * Runs `buf generate` with a template, or with that of the README, for the contract or another module. Google's protos
   * are in the folder `google-protos`, because Buf's registry may not be there.
   */
  generate(options?: { readonly template?: object; readonly input?: readonly string[] }): Promise<void>;
  /** Returns what the TypeScript compiler reports about some files. */
  compile(files: readonly string[], options: object): Promise<string>;
};

/** The blocks of code of the README without their indentation, each with the paragraph before it. */
const blocks = [...readme.matchAll(/^( *)```\w+\n([\s\S]*?)^\1```/gm)].map((match) => ({
  before: readme.slice(0, match.index).trimEnd().split("\n\n").at(-1) ?? "",
  text: (match[2] ?? "").replaceAll(new RegExp(`^${match[1]}`, "gm"), ""),
}));

/** Returns the blocks of code by what a pattern finds in the paragraph before them. */
function blocksBy(pattern: RegExp): ReadonlyMap<string, string> {
  return new Map(
    blocks.flatMap(({ before, text }) => {
      const name = pattern.exec(before)?.[1];
      return name === undefined ? [] : [[name, text] as const];
    }),
  );
}

/** The files of the README by path. */
export const readmeFiles = blocksBy(/`([\w./-]+\.(?:proto|ts|yaml))`/);

/** The snippets below `## Mount it` by the bold text of their paragraphs. */
export const mountSnippets = blocksBy(/^- \*\*(.+?):\*\*/);

/** The commands of the README that a prompt precedes, each with what is printed. */
export const readmeCommands: readonly { readonly command: string; readonly output: string }[] = [
  ...readme.matchAll(/^\$ (.+)\n((?:(?!\$ |```).+\n|\n(?!\$))*)/gm),
].map(([, command = "", output = ""]) => ({ command, output: output.trim() }));

/** Creates a project with the files of the README and some packages. */
export async function createReadmeProject(node: string, packages: readonly string[]): Promise<ReadmeProject> {
  const folder = await mkdtemp(join(tmpdir(), "mdps-transcoding-"));
  const env = environmentOf(node);
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const install = async (...names: readonly string[]) => {
    await npm(node, folder, ["install", "--engine-strict", "--strict-peer-deps", ...names]);
  };
  write("package.json", JSON.stringify({ private: true, type: "module" }));
  for (const [path, text] of readmeFiles) {
    write(path, text);
  }
  cpSync(join(root, "proto-deps/google"), join(folder, "google-protos/google"), { recursive: true });
  await install(...packages);
  return {
    folder,
    node,
    env,
    write,
    install,
    async generate({ template, input = ["proto"] } = {}) {
      const modules = [{ path: "proto" }, { path: "google-protos" }];
      const args = ["generate", ...input, "--config", JSON.stringify({ version: "v2", modules })];
      const PATH = `${join(folder, "node_modules/.bin")}${delimiter}${env.PATH}`;
      const options = template === undefined ? [] : ["--template", JSON.stringify(template)];
      await run(process.execPath, [buf, ...args, ...options], { cwd: folder, env: { ...env, PATH } });
    },
    async compile(files, options) {
      const compilerOptions = {
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        exactOptionalPropertyTypes: true,
        allowImportingTsExtensions: true,
        ...options,
      };
      write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
      const tsc = join(root, "node_modules/typescript/bin/tsc");
      return await run(process.execPath, [tsc, "-p", folder]).then(
        () => "",
        (error: { stdout: string }) => error.stdout,
      );
    },
  };
}

/** Source text of the README's server, which prints its port instead of having a fixed one. */
export const readmeServer = (readmeFiles.get("server.ts") ?? "").replace(
  ".listen(8080);",
  '.listen(0, "127.0.0.1", function (this: import("node:http").Server) { console.log("port " + (this.address() as { port: number }).port); });',
);
