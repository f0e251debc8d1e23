import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { installPackage, type Project } from "./installed.ts";
import { npm } from "./npm.ts";
import { jest } from "./runners.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
const page = readFileSync(join(root, "docs/package.md"), "utf8");
const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Returns the code of a snippet of docs/package.md. */
function snippet(name: string): string {
  const pattern = new RegExp(`<!-- snippet: ${name} -->\n\`\`\`\\w+\n([\\s\\S]*?\n)\`\`\``);
  return pattern.exec(page)?.[1] ?? expect.fail(`docs/package.md has no snippet ${name}`);
}

const requireTest = `const { planStatusOf } = require("mobile-data-plan-sharing");
  test("planStatusOf", () => expect(typeof planStatusOf).toBe("function"));`;

describe("the CommonJS section of docs/package.md", () => {
  let project: Project;
  let folder: string;
  beforeAll(async () => {
    project = await installPackage(inject("tarball"), process.execPath);
    await npm(project.node, project.folder, [
      "install",
      jest,
      `@types/node@${devDependencies["@types/node"]}`,
    ]);
    folder = join(project.folder, "commonjs");
    await mkdir(folder);
    await writeFile(join(folder, "package.json"), "{}");
    await writeFile(join(folder, "import.test.cjs"), snippet("plan-status.test.cjs"));
    await writeFile(join(folder, "require.test.cjs"), requireTest);
    await writeFile(join(folder, "node16.cts"), snippet("node16.cts"));
    await writeFile(
      join(folder, "static.cts"),
      'import { planStatusOf } from "mobile-data-plan-sharing";\nexport const result = typeof planStatusOf;\n',
    );
  });
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

  /** Runs Node in the folder and returns its output, also if it fails. */
  async function output(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
    const options = { cwd: folder, env: { ...project.env, NO_COLOR: "1", ...env } };
    const { stdout, stderr } = await run(project.node, args, options).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    return stdout + stderr;
  }

  const runJest = (file: string, env?: Record<string, string>) =>
    output([join(project.folder, "node_modules/jest/bin/jest.js"), "--rootDir", folder, file], env);

  /** Returns what tsc reports, empty if the file compiles. */
  const compile = (module: string, file: string, ...flags: string[]) =>
    output([
      join(root, "node_modules/typescript/bin/tsc"),
      ...["--ignoreConfig", "--strict", "--target", "es2024", "--types", "node", "--module", module],
      ...(flags.length > 0 ? flags : ["--noEmit"]),
      file,
    ]);

  it("says that Node loads the package with require()", async () => {
    const text = 'console.log(typeof require("mobile-data-plan-sharing").planStatusOf)';
    expect(await output(["--input-type=commonjs", "--eval", text])).toBe("function\n");
  });

  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const canRequire = major > 24 || (major === 24 && minor >= 9);

  it.each(["import.test.cjs", ...(canRequire ? ["require.test.cjs"] : [])])(
    "says that %s works in jest with --experimental-vm-modules",
    async (file) => {
      const shown = await runJest(file, { NODE_OPTIONS: "--experimental-vm-modules" });
      expect(shown).toMatch(/^Tests: +1 passed, 1 total$/m);
    },
  );

  it("has the errors of jest without --experimental-vm-modules", async () => {
    expect(await runJest("require.test.cjs")).toContain("Must use import to load ES Module");
    expect(await runJest("import.test.cjs")).toContain(
      "A dynamic import callback was invoked without --experimental-vm-modules",
    );
    expect(page).toContain("`Must use import to load ES Module`");
    expect(page).toContain("`A dynamic import callback was invoked without --experimental-vm-modules`");
  });

  it.each(["node16", "node18"])(
    "says that TypeScript with module %s rejects a static import only",
    async (module) => {
      expect(await compile(module, "static.cts")).toContain("error TS1479");
      expect(await compile(module, "node16.cts")).toBe("");
    },
  );

  it.each(["node20", "nodenext"])(
    "says that TypeScript with module %s compiles a static import, which runs",
    async (module) => {
      expect(await compile(module, "static.cts", "--outDir", module)).toBe("");
      const text = `console.log(require("./${module}/static.cjs").result)`;
      expect(await output(["--input-type=commonjs", "--eval", text])).toBe("function\n");
    },
  );
});
