import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { whatIsMissing } from "../../../scripts/go-tool.ts";
import { missingJava } from "../../../scripts/release/packages/java.ts";
import { missingPython } from "../../../scripts/release/packages/python.ts";
import { runTool } from "../../../scripts/run-tool.ts";
import { pomProperty } from "../../interop/java/maven.ts";
import { installPython } from "../python.ts";

/** Heading of the suite's section in docs/compatibility.md. */
export const openApiHeading = "Clients generated from the OpenAPI document";

const programs = join(import.meta.dirname, "programs");
const root = join(import.meta.dirname, "../../..");
const log = () => undefined;

/** How to start a client. */
export type Command = { readonly command: string; readonly args: readonly string[]; readonly cwd: string };

/** A client that a generator makes of the OpenAPI document, and a program that calls it. */
export type GeneratedClient = {
  /** Name in the table. */
  readonly name: string;
  /** Configuration of openapi-generator, unless another generator makes the client. */
  readonly configuration?: object;
  /** Returns why it cannot be compiled here, or undefined. */
  missing(): string | undefined;
  /** Compiles the program with the generated client in a folder. Returns the command that starts it. */
  compile(context: Compilation): Promise<Command>;
};

export type Compilation = {
  /** Holds a copy of `programs/` with the generated clients, and `openapi.json`. */
  readonly folder: string;
  /** Class path of the Java client. */
  readonly classPath: string;
};

const generator = `openapi-generator ${pomProperty(join(programs, "java"), "openapi-generator.version")}`;
const npmVersions = JSON.parse(readFileSync(join(programs, "typescript/package.json"), "utf8"))
  .dependencies as Readonly<Record<string, string>>;

/** The options are the defaults, except for names of packages. */
export const clients: readonly GeneratedClient[] = [
  {
    name: `Go: ${generator}, go`,
    configuration: {
      generatorName: "go",
      outputDir: "programs/go/mdps",
      additionalProperties: { packageName: "mdps", withGoMod: false },
      globalProperties: { apiTests: "false", modelTests: "false" },
    },
    missing: whatIsMissing,
    async compile({ folder }) {
      const cwd = join(folder, "programs/go");
      await runTool("go", ["vet", "-mod=readonly", "./..."], { cwd, log });
      await runTool("go", ["build", "-mod=readonly", "-o", "client", "."], { cwd, log });
      return { command: join(cwd, "client"), args: [], cwd };
    },
  },
  {
    name: `Java: ${generator}, okhttp-gson`,
    configuration: { generatorName: "java", outputDir: "programs/java/client" },
    missing: missingJava,
    async compile({ folder, classPath }) {
      const cwd = join(folder, "programs/java");
      const args = ["-proc:none", "-nowarn", "-cp", classPath, "-sourcepath", "client/src/main/java"];
      await runTool("javac", [...args, "-d", "classes", "Main.java"], { cwd, log });
      return { command: "java", args: ["-cp", ["classes", classPath].join(delimiter), "Main"], cwd };
    },
  },
  {
    name: `Python: ${generator}, python`,
    configuration: {
      generatorName: "python",
      outputDir: "programs/python",
      additionalProperties: { packageName: "mdps" },
    },
    missing: missingPython,
    async compile({ folder }) {
      const cwd = join(folder, "programs/python");
      const bin = await installPython(join(cwd, "venv"), join(programs, "python/requirements.txt"));
      const command = join(bin, "python");
      await runTool(command, ["-m", "compileall", "-q", "mdps"], { cwd, log });
      return { command, args: ["main.py"], cwd };
    },
  },
  {
    name: `TypeScript: ${generator}, typescript-fetch`,
    configuration: { generatorName: "typescript-fetch", outputDir: "programs/typescript/generated" },
    missing: () => undefined,
    compile: ({ folder }) => compileTypeScript(join(folder, "programs/typescript"), "generator"),
  },
  {
    name: `TypeScript: openapi-typescript ${npmVersions["openapi-typescript"]}, openapi-fetch ${npmVersions["openapi-fetch"]}`,
    missing: () => undefined,
    async compile({ folder }) {
      const cwd = join(folder, "programs/typescript");
      const bin = await installNpmPackages(cwd);
      const command = join(bin, "openapi-typescript");
      await runTool(command, [join(folder, "openapi.json"), "--output", "schema.d.ts"], { cwd, log });
      return compileTypeScript(cwd, "openapi-fetch");
    },
  },
];

/** Installs the packages of `programs/typescript` in a copy of it. Returns the folder of their programs. */
export async function installNpmPackages(cwd: string): Promise<string> {
  const npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
  await runTool("npm", npm, { cwd, log });
  return join(cwd, "node_modules/.bin");
}

/** Compiles one program with everything that it imports. */
async function compileTypeScript(cwd: string, name: string): Promise<Command> {
  const options = {
    strict: true,
    target: "es2022",
    lib: ["es2022", "dom", "dom.iterable"],
    module: "preserve",
    types: ["node"],
    typeRoots: [join(root, "node_modules/@types")],
    outDir: `out-${name}`,
    rootDir: ".",
  };
  const project = join(cwd, `${name}.tsconfig.json`);
  writeFileSync(project, JSON.stringify({ compilerOptions: options, files: [`${name}.ts`] }));
  await runTool(join(root, "node_modules/.bin/tsc"), ["--project", project], { cwd, log });
  return { command: process.execPath, args: [await bundle(cwd, name)], cwd };
}

/** Bundles the compiled files, because generated imports have no file extensions. */
async function bundle(cwd: string, name: string): Promise<string> {
  const { build } = await import("esbuild");
  const outfile = join(cwd, `${name}.mjs`);
  const entryPoints = [join(cwd, `out-${name}`, `${name}.js`)];
  await build({ entryPoints, bundle: true, platform: "node", format: "esm", outfile });
  return outfile;
}

/** Fetches openapi-generator and the libraries of the Java client. Returns the class path of each. */
export async function resolveJava(folder: string): Promise<{ generator: string; classPath: string }> {
  const cwd = join(folder, "programs/java");
  const list = join(folder, "classpath");
  const goals = ["dependency:build-classpath", `-Dmdep.outputFile=${list}`];
  await runTool("mvn", ["-q", "-B", "-Dstyle.color=never", ...goals], { cwd, log });
  const files = readFileSync(list, "utf8").trim().split(delimiter);
  const isGenerator = (file: string) => file.includes("openapi-generator-cli");
  return {
    generator: files.find(isGenerator) ?? "",
    classPath: files.filter((file) => !isGenerator(file)).join(delimiter),
  };
}

/** Copies the programs and the document to a folder. */
export function preparePrograms(folder: string, document: string): void {
  cpSync(programs, join(folder, "programs"), { recursive: true });
  writeFileSync(join(folder, "openapi.json"), document);
}

/** Makes all clients in one run of openapi-generator. */
export async function generateClients(folder: string, jar: string, made: readonly GeneratedClient[]) {
  const files = made.flatMap(({ configuration }, index) => {
    if (configuration === undefined) {
      return [];
    }
    const file = `client-${index}.json`;
    writeFileSync(join(folder, file), JSON.stringify({ inputSpec: "openapi.json", ...configuration }));
    return [file];
  });
  const args = ["-jar", jar, "batch", "--root-dir", ".", "--fail-fast", ...files];
  await runTool("java", args, { cwd: folder, log });
}
