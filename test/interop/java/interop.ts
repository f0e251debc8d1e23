import { join } from "node:path";
import { missingJava } from "../../../scripts/release/packages/java.ts";
import type { Language } from "../language.ts";
import { exampleEnv, exampleFolder } from "../testing-example.ts";
import { buildProject, pomProperty, runMaven } from "./maven.ts";

const pomFolder = import.meta.dirname;

/** grpc-java, with the Java jar of a release. */
export const language: Language = {
  name: `Java: grpc-java ${pomProperty(pomFolder, "grpc.version")}, protobuf-java ${pomProperty(pomFolder, "protobuf.version")}`,
  code: "Java jar",
  protocols: ["grpc"],
  missing: missingJava,
  async build({ workDir, log }) {
    const classPath = await buildProject({ pomFolder, workDir, log });
    return { command: "java", args: ["-cp", classPath, "interop.Main"] };
  },
  async testExample({ workDir, log }) {
    const sources = join(exampleFolder("java"), "src");
    await runMaven(["test"], {
      ...{ pomFolder, sources, profile: "testing", log },
      ...{ workDir, env: exampleEnv(workDir) },
    });
  },
};
