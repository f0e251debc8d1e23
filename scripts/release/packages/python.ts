import { createHash } from "node:crypto";
import { globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { askTool, runTool } from "../../run-tool.ts";
import { filesOf, root } from "../artefacts.ts";
import type { TarEntry } from "../tar.ts";
import type { PackageContext } from "./package.ts";
import { packZip } from "./zip.ts";

const requirementsFile = join(import.meta.dirname, "python-requirements.txt");
const oldest = { major: 3, minor: 10 };
/** The name of the distribution on PyPI and in `pip install`, and in the names of files. */
const distribution = "mobile-data-plan-sharing";
/** The Python package, and the folder of the protos. */
const contract = "mobiledataplansharing";
const fileName = distribution.replaceAll("-", "_");

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
  if (askTool("python3", ["-c", "import venv, ensurepip, pip"]) === undefined) {
    return "the Python module venv or pip is not installed";
  }
  return undefined;
}

/**
 * Writes the Python wheel: messages and gRPC stubs with types, `buf/validate`, which no package on PyPI has, and the
 * protos. The same sources give the same bytes.
 */
export async function writeWheel({ protos, version, folder, workDir, log }: PackageContext): Promise<void> {
  const tools = await installTools(log);
  const generated = join(workDir, "python");
  mkdirSync(generated);
  await generatePython({ protos, tools, generated, log });
  const pep440 = pythonVersion(version);
  const files = wheelFiles(protos, generated, pep440);
  writeFileSync(join(folder, `${fileName}-${pep440}-py3-none-any.whl`), packZip(files));
}

/** Returns a version of npm as one of Python (PEP 440): `1.0.0-rc.1` is `1.0.0rc1`. Throws for other pre-releases. */
export function pythonVersion(version: string): string {
  const [, release, kind, number] = /^(\d+\.\d+\.\d+)(?:-(alpha|beta|rc)\.(\d+))?$/.exec(version) ?? [];
  if (release === undefined) {
    throw new Error(`version ${version}: expected X.Y.Z, or X.Y.Z-alpha.N, X.Y.Z-beta.N or X.Y.Z-rc.N`);
  }
  return kind === undefined ? release : `${release}${{ alpha: "a", beta: "b" }[kind] ?? kind}${number}`;
}

/** Installs the generators into a cache, if it does not have them yet, and returns their folder. */
async function installTools(log: PackageContext["log"]): Promise<string> {
  const requirements = readFileSync(requirementsFile, "utf8");
  const python = askTool("python3", ["-VV"]) ?? "";
  const key = createHash("sha256").update(requirements).update(python).digest("hex").slice(0, 16);
  const tools = join(root, "node_modules/.cache/mdps-python", key);
  if (globSync("grpc_tools", { cwd: tools }).length === 0) {
    mkdirSync(dirname(tools), { recursive: true });
    const target = mkdtempSync(`${tools}-`);
    const pip = ["-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet", "install"];
    await runTool("python3", [...pip, "--no-deps", "--target", target, "-r", requirementsFile], { log });
    rmSync(tools, { recursive: true, force: true });
    renameSync(target, tools);
  }
  return tools;
}

type Generation = Pick<PackageContext, "protos" | "log"> & { tools: string; generated: string };

async function generatePython({ protos, tools, generated, log }: Generation): Promise<void> {
  const messages = globSync("**/*.proto", { cwd: protos }).toSorted();
  const services = messages.filter((path) => /^service /m.test(readFileSync(join(protos, path), "utf8")));
  const protoc = (args: readonly string[]) =>
    runTool(
      "python3",
      // googleapis-common-protos: google.api, google.rpc and google.type.
      ["-m", "grpc_tools.protoc", `--proto_path=${protos}`, `--proto_path=${tools}`, ...args],
      { env: { PYTHONPATH: tools, PYTHONDONTWRITEBYTECODE: "1" }, log },
    );
  await protoc([`--python_out=${generated}`, `--pyi_out=${generated}`, ...messages]);
  const plugin = `--plugin=protoc-gen-mypy_grpc=${join(tools, "bin/protoc-gen-mypy_grpc")}`;
  await protoc([`--grpc_python_out=${generated}`, plugin, `--mypy_grpc_out=${generated}`, ...services]);
}

function wheelFiles(protos: string, generated: string, version: string): TarEntry[] {
  const entry = (path: string, text: string): TarEntry => ({ path, contents: Buffer.from(text) });
  const modules = filesOf(generated, "**/*.{py,pyi}");
  const own = modules.map(({ path }) => dirname(path)).filter((path) => path.startsWith(contract));
  const packages = new Set(own.flatMap((path) => [path, dirname(path)]).filter((path) => path !== "."));
  const code = [
    ...modules,
    ...filesOf(protos, "**/*.{proto,json}"),
    ...[...packages].map((path) => entry(`${path}/__init__.py`, "")),
    // Type checkers read the types of packages that have this file (PEP 561). `buf` stays a namespace of others, too.
    entry(`${contract}/py.typed`, ""),
    entry("buf/validate/py.typed", ""),
  ].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const info = `${fileName}-${version}.dist-info`;
  const metadata = [
    entry(`${info}/METADATA`, metadataOf(version, generated)),
    entry(
      `${info}/WHEEL`,
      "Wheel-Version: 1.0\nGenerator: mobile-data-plan-sharing\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    ),
    ...filesOf(root, "{LICENSE,NOTICE}").map(({ path, contents }) => ({
      path: `${info}/licenses/${path}`,
      contents,
    })),
  ];
  const files = [...code, ...metadata];
  const record = files.map(
    ({ path, contents }) =>
      `${path},sha256=${createHash("sha256").update(contents).digest("base64url")},${contents.length}\n`,
  );
  return [...files, entry(`${info}/RECORD`, `${record.join("")}${info}/RECORD,,\n`)];
}

/**
 * The minimum versions are those that the generated code checks when it is imported. protobuf supports generated code of
 * the previous major version.
 */
function metadataOf(version: string, generated: string): string {
  const versionIn = (path: string, pattern: RegExp): string => {
    const found = pattern.exec(readFileSync(join(generated, path), "utf8"))?.[1];
    if (found === undefined) {
      throw new Error(`${path}: expected ${pattern}`);
    }
    return found;
  };
  const protobuf = versionIn(`${contract}/v1/plans_pb2.py`, /^# Protobuf Python Version: (\S+)$/m);
  const grpc = versionIn(
    `${contract}/v1/plan_status_service_pb2_grpc.py`,
    /^GRPC_GENERATED_VERSION = '(\S+)'$/m,
  );
  const common = pinnedVersion("googleapis-common-protos");
  return `Metadata-Version: 2.4
Name: ${distribution}
Version: ${version}
Summary: Messages and gRPC stubs of Google's Mobile Data Plan Sharing API
License-Expression: Apache-2.0
License-File: LICENSE
License-File: NOTICE
Project-URL: Source, https://github.com/mobile-data-plan-sharing/mobile-data-plan-sharing
Requires-Python: >=${oldest.major}.${oldest.minor}
Requires-Dist: googleapis-common-protos>=${common}
Requires-Dist: grpcio>=${grpc}
Requires-Dist: protobuf>=${protobuf},<${Number.parseInt(protobuf, 10) + 2}
`;
}

/** Returns the pinned version of a package in a requirements file. */
export function pinnedVersion(name: string, file = requirementsFile): string {
  const version = new RegExp(`^${name}==(\\S+)$`, "m").exec(readFileSync(file, "utf8"))?.[1];
  if (version === undefined) {
    throw new Error(`${file} does not pin ${name}`);
  }
  return version;
}
