import { globSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exportProtos } from "../export-protos.ts";
import { askTool, runTool } from "../run-tool.ts";

const requirementsFile = join(import.meta.dirname, "requirements.txt");
const oldest = { major: 3, minor: 10 };

/** Returns why Python cannot run here, or undefined. */
export function missingPython(): string | undefined {
  const version = askTool("python3", ["-c", "import platform; print(platform.python_version())"])?.trim();
  if (version === undefined) {
    return "python3 is not installed";
  }
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
    return `Python ${oldest.major}.${oldest.minor} or later is required, but ${version} is installed`;
  }
  if (askTool("python3", ["-c", "import venv, ensurepip"]) === undefined) {
    return "the Python module venv is not installed";
  }
  return undefined;
}

/** Returns the pinned version of a package in a requirements file. */
export function pinnedVersion(name: string, file = requirementsFile): string {
  const version = new RegExp(`^${name}==(\\S+)$`, "m").exec(readFileSync(file, "utf8"))?.[1];
  if (version === undefined) {
    throw new Error(`${file} does not pin ${name}`);
  }
  return version;
}

export type PythonContext = {
  /** An empty folder for packages and generated code. */
  workDir: string;
  log(line: string): void;
  /** File of further requirements: exact versions, including all dependencies. */
  requirements?: string;
};

/** The interpreter, and the environment with the generated stubs. */
export type PythonEnvironment = { readonly python: string; readonly env: Readonly<Record<string, string>> };

/** Creates a virtual environment with grpcio, and generates stubs with grpcio-tools. */
export async function makePython(context: PythonContext): Promise<PythonEnvironment> {
  const { workDir, log, requirements } = context;
  const environment = join(workDir, "venv");
  const python = join(environment, "bin", "python");
  await runTool("python3", ["-m", "venv", environment], { log });
  const pip = ["-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"];
  const lists = [requirementsFile, ...(requirements ? [requirements] : [])].flatMap((file) => ["-r", file]);
  await runTool(python, [...pip, "install", "--no-deps", ...lists], { log });
  await runTool(python, [...pip, "check"], { log });

  const protos = join(workDir, "protos");
  const generated = join(workDir, "gen");
  exportProtos(protos);
  mkdirSync(generated);
  const [packages] = globSync("lib/python*/site-packages", { cwd: environment });
  if (packages === undefined) {
    throw new Error(`${environment} has no site-packages`);
  }
  await runTool(
    python,
    [
      "-m",
      "grpc_tools.protoc",
      `--proto_path=${protos}`,
      // googleapis-common-protos: google.api, google.rpc and google.type.
      `--proto_path=${join(environment, packages)}`,
      `--python_out=${generated}`,
      `--grpc_python_out=${generated}`,
      ...globSync("**/*.proto", { cwd: protos }).sort(),
    ],
    { log },
  );
  return { python, env: { PYTHONPATH: generated, PYTHONDONTWRITEBYTECODE: "1" } };
}
