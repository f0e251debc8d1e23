import { join } from "node:path";
import { missingPython, pinnedVersion } from "../../../scripts/release/packages/python.ts";
import { runTool } from "../../../scripts/run-tool.ts";
import type { Language } from "../language.ts";
import { exampleEnv, exampleFolder } from "../testing-example.ts";
import { makePython, pythonOf, requirementsFile } from "./venv.ts";

/** grpcio, with the Python wheel of a release. */
export const language: Language = {
  name: `Python: grpcio ${pinnedVersion("grpcio", requirementsFile)}, protobuf ${pinnedVersion("protobuf", requirementsFile)}`,
  code: "Python wheel",
  protocols: ["grpc"],
  missing: missingPython,
  async build(context) {
    const { python, env } = await makePython(context);
    return { command: python, args: [join(import.meta.dirname, "main.py")], env: { ...env } };
  },
  async testExample({ workDir, buildDir, log }) {
    const env = { ...exampleEnv(workDir), PYTHONDONTWRITEBYTECODE: "1" };
    await runTool(pythonOf(buildDir), ["-m", "unittest"], { cwd: exampleFolder("python"), env, log });
  },
};
