import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { installPackage, type Project } from "./installed.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
const repository = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

let project: Project;
let page: string;
let env: Record<string, string>;
beforeAll(async () => {
  project = await installPackage(inject("tarball"), process.execPath);
  page = readFileSync(join(project.packageFolder, "README.md"), "utf8");
  // Word for word, `mdps dev` would listen on a port that other programs of the machine may use.
  env = { ...project.env, NO_COLOR: "1", XDG_DATA_HOME: join(project.folder, "data"), MDPS_PORT: "0" };
  for (const [, name = "", text = ""] of page.matchAll(/<!-- snippet: (\S+) -->\n```\w+\n([\s\S]*?)```/g)) {
    writeFileSync(join(project.folder, name), text);
  }
});
afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

/** Runs a file of the page in the project, and returns its output. Rejects if it fails. */
async function output(command: string, args: readonly string[], more: Record<string, string> = {}) {
  const { stdout } = await run(command, args, { cwd: project.folder, env: { ...env, ...more } });
  return stdout;
}

/** Starts the emulator as the page says, and returns its URL. Ends when the running test ends. */
async function startEmulator(): Promise<string> {
  // A group of its own, because npx starts the emulator as a child of a shell.
  const child = spawn("sh", ["dev.sh"], { cwd: project.folder, env, detached: true });
  onTestFinished(() => {
    process.kill(-(child.pid ?? Number.NaN), "SIGKILL");
  });
  let text = "";
  for await (const chunk of child.stdout) {
    text += chunk;
    const [, url] = /listens on (\S+)[\s\S]*^Guide /m.exec(text) ?? [];
    if (url !== undefined) {
      return url;
    }
  }
  throw new Error(`npx mdps dev ended: ${text}`);
}

describe("the page of the package at npm", () => {
  it("has installed imports, and links that work everywhere", () => {
    const imports = [...page.matchAll(/from "([^"]+)"/g)].map(([, name = ""]) => name);
    expect(imports.length).toBeGreaterThan(3);
    expect(imports.filter((name) => !/^(node:|mobile-data-plan-sharing\/)/.test(name))).toEqual([]);
    const links = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, url = ""]) => url);
    expect(links.filter((url) => !/^(https:\/\/|#)/.test(url))).toEqual([]);
    const [ours = ""] = /https:\/\/.+(?=\.git$)/.exec(repository.repository.url) ?? [];
    const files = links.filter((url) => url.startsWith(`${ours}/blob/main/`));
    expect(files.length).toBeGreaterThan(5);
    const missing = files.filter((url) => {
      const [path = ""] = url.slice(`${ours}/blob/main/`.length).split("#");
      return !existsSync(join(root, path));
    });
    expect(missing).toEqual([]);
  });

  it("lists every entry of the package", () => {
    const cells = [...page.matchAll(/^\| (`.+?) \|/gm)].map(([, cell = ""]) => cell).join(", ");
    const listed = [...cells.matchAll(/`(?:mobile-data-plan-sharing|…\/([^`]+))`/g)].map(([, path]) =>
      path === undefined ? "." : `./${path}`,
    );
    const entries = Object.keys(repository.exports).filter(
      (name) => !["./codec/runtime", "./gen/*.js", "./package.json"].includes(name),
    );
    expect(listed.toSorted()).toEqual(entries.toSorted());
  });

  it("pushes to the emulator, one status and a file, with the commands as they are", async () => {
    const url = await startEmulator();
    const pushed = await output("sh", ["push.sh"], { MDPS_ENDPOINT: url });
    expect(pushed).toBe("operators/65001/planStatuses/a%2Fb+c==\n");
    await output("sh", ["-eu", "files.sh"], { MDPS_ENDPOINT: url });
    const calls = await (await fetch(`${url}/emulator/v1/calls`)).json();
    expect(calls.calls.map(({ httpStatus }: { httpStatus: number }) => httpStatus)).toEqual([200, 200]);
  });

  it("validates without a server", async () => {
    expect(await output(project.node, ["validate.mjs"])).toMatch(
      /^expireTime: must be in the future: it is [\d.]+ days in the past by the server's clock\n$/,
    );
  });

  it("has a test that passes, and ends by itself", async () => {
    expect(await output(project.node, ["--test", "--test-reporter=tap", "push.test.mjs"])).toMatch(
      /^# pass 1$/m,
    );
  });
});
