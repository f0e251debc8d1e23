import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { askTool, runTool } from "../../run-tool.ts";
import { root } from "../artefacts.ts";
import type { PackageContext } from "./package.ts";

const pomFile = join(import.meta.dirname, "java-pom.xml");

/** The first part of the names of the jar, the jar of sources and the pom. */
const artifactId = "mobile-data-plan-sharing";

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

/**
 * Writes the Java jar with messages, gRPC stubs and protos, the jar of its sources, and its pom. The same sources and the
 * same JDK give the same bytes.
 */
export async function writeJar({ protos, version, folder, workDir, log }: PackageContext): Promise<void> {
  const project = join(workDir, "java");
  const pom = readFileSync(pomFile, "utf8").replace(
    "<version>0.0.0</version>",
    `<version>${version}</version>`,
  );
  const [sources, resources] = ["proto", "resources"].map((name) => join(project, "src/main", name)) as [
    string,
    string,
  ];
  // Without `buf/validate`, which is in a dependency.
  const contract = "mobiledataplansharing";
  cpSync(join(protos, contract), join(sources, contract), { recursive: true });
  cpSync(join(protos, contract), join(resources, contract), { recursive: true });
  mkdirSync(join(resources, "META-INF"));
  for (const licence of ["LICENSE", "NOTICE"]) {
    copyFileSync(join(root, licence), join(resources, "META-INF", licence));
  }
  writeFileSync(join(project, "pom.xml"), pom);
  const goals = ["compile", "jar:jar", "source:jar-no-fork"];
  await runTool("mvn", ["-q", "-B", "-Dstyle.color=never", ...goals], { cwd: project, log });
  for (const suffix of [".jar", "-sources.jar"]) {
    const name = `${artifactId}-${version}${suffix}`;
    copyFileSync(join(project, "target", name), join(folder, name));
  }
  writeFileSync(join(folder, `${artifactId}-${version}.pom`), pom);
}
