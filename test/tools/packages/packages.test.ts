import { execFile } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missingJava } from "../../../scripts/release/packages/java.ts";
import { type PackageName, writePackages } from "../../../scripts/release/packages/packages.ts";
import { missingPython } from "../../../scripts/release/packages/python.ts";
import { releasedPackage } from "../../interop/released-package.ts";
import { installPython } from "../python.ts";
import { runServer } from "../running-server.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");
const work = mkdtempSync(join(tmpdir(), "mdps-packages-test-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** The rules that a status violates whose language is `!!` and that has nothing else, with every validator. */
const violated = ["string.pattern", "required", "required"];

/** Returns the lines that a program prints. */
async function linesOf(program: string, args: readonly string[], options = {}): Promise<string[]> {
  const { stdout } = await run(program, args, options);
  return stdout.split(/\r?\n/).filter((line) => line !== "");
}

/** Returns the contents of the files in a folder, by name. */
function contentsOf(folder: string): Map<string, Buffer> {
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
}

/** Builds a package again, without the cache. */
async function buildAgain(name: PackageName): Promise<Map<string, Buffer>> {
  const folder = join(work, `again-${name}`);
  mkdirSync(folder);
  await writePackages(folder, { names: [name], required: true });
  return contentsOf(folder);
}

/** Returns the names of artefacts in docs/consuming.md, with the version of package.json. */
function documentedNames(): string[] {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const page = readFileSync(join(root, "docs/consuming.md"), "utf8");
  return [...page.matchAll(/^\| `(\S+X\.Y\.Z\S*)` \|/gm)].map(([, name = ""]) =>
    name.replace("X.Y.Z", version),
  );
}

const noPython = missingPython();
const noJava = missingJava();
for (const [name, missing] of [
  ["Python wheel", noPython],
  ["Java jar", noJava],
] as const) {
  if (missing !== undefined) {
    console.warn(`The tests of the ${name} are skipped: ${missing}.`);
  }
}

describe.skipIf(noPython !== undefined)("the Python wheel of a release", () => {
  let released: string;
  let programs: string;
  beforeAll(async () => {
    released = await releasedPackage("Python wheel", () => undefined);
    programs = await installPython(join(work, "venv"), join(import.meta.dirname, "requirements.txt"));
    const wheels = readdirSync(released).map((name) => join(released, name));
    const pip = [join(programs, "pip"), "--disable-pip-version-check", "--quiet"] as const;
    await run(pip[0], [...pip.slice(1), "install", "--no-index", ...wheels]);
    await run(pip[0], [...pip.slice(1), "check"]);
  });

  it("is documented, and the same bytes when it is built again", async () => {
    const names = readdirSync(released);
    expect(names.length).toBe(1);
    expect(documentedNames()).toEqual(expect.arrayContaining(names));
    expect(await buildAgain("Python wheel")).toEqual(contentsOf(released));
  });

  it("pushes a status with the documented program", async () => {
    const { host, token } = await runServer();
    const env = { ...process.env, MDPS_HOST: host, MDPS_TOKEN: token };
    const program = join(root, "docs/examples/python/push.py");
    expect(await linesOf(join(programs, "python"), [program], { env })).toEqual([
      "operators/65001/planStatuses/491701234567",
    ]);
  });

  it("has types: mypy --strict accepts the documented programs, and rejects a field of another type", async () => {
    const program = join(root, "docs/examples/python/push.py");
    const emulator = join(root, "docs/examples/testing/python/emulator.py");
    const mypy = (path: string) => run(join(programs, "mypy"), ["--strict", path], { cwd: work });
    expect((await mypy(program)).stdout).toContain("no issues found");
    expect((await mypy(emulator)).stdout).toContain("no issues found");
    const wrong = join(work, "wrong.py");
    writeFileSync(wrong, readFileSync(program, "utf8").replace('client_id="youtube"', "client_id=1"));
    await expect(mypy(wrong)).rejects.toMatchObject({ stdout: expect.stringContaining('"client_id"') });
  });

  it("has the rules of the contract for protovalidate", async () => {
    const program = join(import.meta.dirname, "validate.py");
    expect(await linesOf(join(programs, "python"), [program])).toEqual(violated);
  });
});

describe.skipIf(noJava !== undefined)("the Java jar of a release", () => {
  let released: string;
  let jar: string;
  beforeAll(async () => {
    released = await releasedPackage("Java jar", () => undefined);
    jar = join(released, readdirSync(released).find((name) => /\d\.jar$/.test(name)) ?? "");
  });

  it("is documented with its sources and its pom, and the same bytes when it is built again", async () => {
    const names = readdirSync(released);
    expect(names.length).toBe(3);
    expect(documentedNames()).toEqual(expect.arrayContaining(names));
    expect(await buildAgain("Java jar")).toEqual(contentsOf(released));
  });

  it("contains the protos, the service config and the licence, and no class of other packages", async () => {
    const files = (await linesOf("jar", ["--list", "--file", jar])).filter((path) => !path.endsWith("/"));
    expect(files).toEqual(
      expect.arrayContaining([
        "META-INF/LICENSE",
        "mobiledataplansharing/v1/plans.proto",
        "mobiledataplansharing/v1/service_config.json",
        "com/mobiledataplansharing/v1/PlanStatusServiceGrpc.class",
        "com/mobiledataplansharing/serving/v1/PlanServingServiceGrpc.class",
      ]),
    );
    const foreign = files.filter(
      (path) => !/^(META-INF|mobiledataplansharing|com\/mobiledataplansharing)\//.test(path),
    );
    expect(foreign).toEqual([]);
  });

  it("has the version of the release in its manifest", async () => {
    const folder = join(work, "manifest");
    mkdirSync(folder);
    await linesOf("jar", ["--extract", "--file", jar, "META-INF/MANIFEST.MF"], { cwd: folder });
    const [, version] = /-(\d[^-]*)\.jar$/.exec(jar) ?? [];
    expect(readFileSync(join(folder, "META-INF/MANIFEST.MF"), "utf8")).toContain(
      `Implementation-Version: ${version}\r\n`,
    );
  });

  it("has the rules of the contract for protovalidate, a dependency in its pom", async () => {
    const project = join(work, "pom");
    mkdirSync(project);
    const pom = readdirSync(released).find((name) => name.endsWith(".pom")) ?? "";
    copyFileSync(join(released, pom), join(project, "pom.xml"));
    const list = join(project, "classpath");
    const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:build-classpath";
    await run("mvn", ["-q", "-B", goal, `-Dmdep.outputFile=${list}`], { cwd: project });
    const classPath = [jar, readFileSync(list, "utf8").trim()].join(delimiter);
    const program = join(import.meta.dirname, "Validate.java");
    expect(await linesOf("java", ["--class-path", classPath, program])).toEqual(violated);
  });
});
