import { cpSync, globSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { runTool } from "../../../scripts/run-tool.ts";
import { releasedPackage } from "../released-package.ts";

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
  /** An empty folder for compiled code. */
  workDir: string;
  log(line: string): void;
  /** The folder of pom.xml. */
  pomFolder: string;
  /** The folder with the sources. Defaults to `src` beside pom.xml. */
  sources?: string;
  /** A profile of pom.xml. */
  profile?: string;
  /** Added to the environment. */
  env?: Readonly<Record<string, string>>;
};

/**
 * Builds a copy of a project with the Java jar of a release, which it installs into the local repository as users do.
 * Returns the class path.
 */
export async function buildProject(context: ProjectContext): Promise<string> {
  const list = join(context.workDir, "classpath");
  const goals = ["compile", "dependency:build-classpath", `-Dmdep.outputFile=${list}`];
  const copy = await runMaven(goals, context);
  const dependencies = (await readFile(list, "utf8")).trim();
  return [join(copy, "target", "classes"), dependencies].join(delimiter);
}

/** Runs goals in a copy of a project, with the Java jar of a release installed. Returns the folder of the copy. */
export async function runMaven(
  goals: readonly string[],
  { workDir, log, pomFolder, sources = join(pomFolder, "src"), profile, env = {} }: ProjectContext,
): Promise<string> {
  const released = await releasedPackage("Java jar", log);
  const [pom = ""] = globSync("*.pom", { cwd: released });
  const jar = join(released, pom.replace(/\.pom$/, ".jar"));
  const copy = join(workDir, "project");
  cpSync(join(pomFolder, "pom.xml"), join(copy, "pom.xml"));
  cpSync(sources, join(copy, "src"), { recursive: true });
  const args = [
    ...(profile ? ["-P", profile] : []),
    `-Dmdps.version=${/(\d.*)\.pom$/.exec(pom)?.[1]}`,
    "org.apache.maven.plugins:maven-install-plugin:3.1.4:install-file",
    `-Dfile=${jar}`,
    `-DpomFile=${join(released, pom)}`,
    ...goals,
  ];
  await runTool("mvn", ["-q", "-B", "-Dstyle.color=never", ...args], { cwd: copy, log, env });
  return copy;
}
