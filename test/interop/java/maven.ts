import { cpSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { exportProtos } from "../export-protos.ts";
import { askTool, runTool } from "../run-tool.ts";

/** Returns why Java programs cannot be built here, or undefined. */
export function missingJava(): string | undefined {
  const version = /"([^"]+)"/.exec(askTool("java", ["-version"]) ?? "")?.[1];
  if (version === undefined) {
    return "Java is not installed";
  }
  if (Number.parseInt(version, 10) < 17) {
    return `Java 17 or later is required, but ${version} is installed`;
  }
  if (askTool("javac", ["-version"]) === undefined) {
    return "the Java compiler is not installed";
  }
  if (askTool("mvn", ["-v"]) === undefined) {
    return "Maven is not installed";
  }
  return undefined;
}

/** Returns a property of a project's pom.xml, such as a version. */
export function pomProperty(project: string, name: string): string {
  const file = join(project, "pom.xml");
  const value = new RegExp(`<${name}>([^<]+)</${name}>`).exec(readFileSync(file, "utf8"))?.[1];
  if (value === undefined) {
    throw new Error(`${file} has no ${name}`);
  }
  return value;
}

export type ProjectContext = {
  /** An empty folder for generated and compiled code. */
  workDir: string;
  log(line: string): void;
  /** The folder of pom.xml. */
  pomFolder: string;
  /** The folder with the sources. Defaults to `src` beside pom.xml. */
  sources?: string;
  /** A profile of pom.xml. */
  profile?: string;
};

/** Builds a copy of a project with the contract's protos. Returns the class path. */
export async function buildProject(context: ProjectContext): Promise<string> {
  const { workDir, log, pomFolder, sources = join(pomFolder, "src"), profile } = context;
  const copy = join(workDir, "project");
  cpSync(join(pomFolder, "pom.xml"), join(copy, "pom.xml"));
  cpSync(sources, join(copy, "src"), { recursive: true });
  exportProtos(join(copy, "src", "main", "proto"));
  const list = join(workDir, "classpath");
  const args = [
    ...(profile ? ["-P", profile] : []),
    "compile",
    "dependency:build-classpath",
    `-Dmdep.outputFile=${list}`,
  ];
  await runTool("mvn", ["-q", "-B", "-Dstyle.color=never", ...args], { cwd: copy, log });
  const dependencies = (await readFile(list, "utf8")).trim();
  return [join(copy, "target", "classes"), dependencies].join(delimiter);
}
