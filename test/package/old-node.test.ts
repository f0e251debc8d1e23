import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { oldNodes as nodes } from "./nodes.ts";
import { environmentOf } from "./npm.ts";

const root = join(import.meta.dirname, "..", "..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const allowed = manifest.engines.node.match(/\d+\.\d+\.\d+/g).join(", ");
const sentence = new RegExp(
  `^mdps needs Node ${allowed} or a later release of one of these lines; this is Node \\S+ \\(\\S+\\)\\. Install one from https://nodejs\\.org/\\S+, and put it first in PATH\\.\\n$`,
);

describe.skipIf(nodes.length === 0)("an old Node (skipped where npm has none for this machine)", () => {
  describe.each(nodes)("$name", ({ name, path }) => {
    let node: string;
    beforeAll(async () => {
      node = await path();
    });

    function run(...args: string[]) {
      const { status, stdout, stderr } = spawnSync(node, args, {
        cwd: root,
        encoding: "utf8",
        env: environmentOf(node),
      });
      return { status, stdout, stderr };
    }

    it.each([["--version"], ["serve", "--port", "0"], ["token", "--operator", "65001"], ["push", "-"]])(
      `the built mdps prints one sentence and exits with 1 under ${name}: mdps %s`,
      (...args) => {
        const main = join("dist", "src", "cli", "main.js");
        expect(run(main, ...args)).toEqual({
          status: 1,
          stdout: "",
          stderr: expect.stringMatching(sentence),
        });
      },
    );

    it.each(["start", "mdps", "prepare"])(
      `the npm script %s of a checkout prints one sentence and exits with 1 under ${name}`,
      (script) => {
        const [program, ...args] = manifest.scripts[script].split(" ");
        expect(program).toBe("node");
        expect(run(...args)).toEqual({ status: 1, stdout: "", stderr: expect.stringMatching(sentence) });
      },
    );
  });

  it("importing the package under an early release of an allowed line works, with a warning", async () => {
    const node = await nodes.find(({ name }) => name.startsWith("Node 22."))?.path();
    for (const entry of ["index.js", "client/index.js", "server/server.js"]) {
      const outcome = spawnSync(node ?? "", [join(root, "dist", "src", entry)], { encoding: "utf8" });
      expect(outcome).toMatchObject({ status: 0, stdout: "" });
      expect(outcome.stderr.match(/Warning: mdps needs Node /g)).toHaveLength(1);
    }
  });

  it("importing the package under Node 20 fails with an error that names the required version", async () => {
    const node = await nodes.find(({ name }) => name.startsWith("Node 20."))?.path();
    for (const entry of ["index.js", "client/index.js", "server/server.js"]) {
      const { stderr } = spawnSync(node ?? "", [join(root, "dist", "src", entry)], { encoding: "utf8" });
      expect(stderr).toContain(
        `Error: mdps needs Node ${allowed} or a later release of one of these lines; this is Node 20.`,
      );
    }
  });

  it("the contract's entry works under every old Node from 20 on, without a warning", async () => {
    const supported = nodes.filter(({ name }) => !/^Node 1\d\b/.test(name));
    expect(supported.length).toBeGreaterThan(0);
    for (const { name, path } of supported) {
      const text = `import { planStatusOf, validate } from "${pathToFileURL(join(root, "dist/src/contract-entry.js"))}";
        const status = planStatusOf({ languageCode: "en", expireTime: new Date(Date.now() + 60_000) });
        console.log(validate(status).violations.length);`;
      const args = ["--input-type=module", "--eval", text];
      const { stdout, stderr } = spawnSync(await path(), args, { encoding: "utf8" });
      expect([stdout, stderr], name).toEqual(["0\n", ""]);
    }
  });
});
