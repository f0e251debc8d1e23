import { missingJava } from "../../../scripts/release/packages/java.ts";
import type { Language } from "../language.ts";
import { buildProject, pomProperty } from "./maven.ts";

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
};
