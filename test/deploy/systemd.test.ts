import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { exampleStatus } from "../../src/examples/index.ts";
import { printToken, startProgram } from "../support/program.ts";
import { repository } from "./dockerfile.ts";

const unit = readFileSync(join(repository, "deploy/systemd/mdps.service"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "mdps-unit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Returns all values of a setting of the unit, in order. */
const values = (name: string) =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value]) => value);

const noSystemd =
  spawnSync("systemd-analyze", ["--version"]).status === 0 ? "" : "systemd-analyze is missing";
const noStrace = spawnSync("strace", ["--version"]).status === 0 ? "" : "strace is missing";
const skipped = (why: string) => (why === "" ? "" : ` (skipped: ${why})`);

function analyze(...args: string[]) {
  const { status, stdout, stderr } = spawnSync("systemd-analyze", args, {
    encoding: "utf8",
    env: { ...process.env, SYSTEMD_COLORS: "0", SYSTEMD_PAGER: "" },
  });
  return { status, output: stdout + stderr };
}

describe.skipIf(noSystemd)(`mdps.service${skipped(noSystemd)}`, () => {
  // The Node of this machine, because systemd checks that the program exists.
  const path = join(folder, "mdps.service");
  writeFileSync(path, unit.replace("/usr/bin/node", process.execPath));

  it("systemd-analyze verify accepts mdps.service without warnings", () => {
    expect(analyze("verify", "--man=no", path)).toEqual({ status: 0, output: "" });
  });

  it("systemd-analyze security rates the exposure of mdps.service at 1.3 of 10 at most", () => {
    const { status, output } = analyze("security", "--offline=true", "--threshold=13", path);
    expect(status, output).toBe(0);
  });

  it.skipIf(noStrace)(
    `the server uses no system call that mdps.service forbids${skipped(noStrace)}`,
    async () => {
      const trace = join(folder, "trace");
      const program = startProgram(["serve", "--port", "0", "--data", join(folder, "data")], {
        command: ["strace", "-f", "-qq", "-o", trace, process.execPath, join(repository, "src/cli/main.ts")],
      });
      const url = /http:[^\s,]+/.exec(await program.printed(/listens on/))?.[0];
      const token = await printToken(join(folder, "data"));
      const answer = await fetch(`${url}/v1/operators/65001/clients/youtube/users/someone/planStatus`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(exampleStatus(new Date())),
      });
      expect(answer.status).toBe(200);
      const ended = once(program.process, "exit");
      // strace does not forward signals.
      const tracer = program.process.pid;
      process.kill(Number(readFileSync(`/proc/${tracer}/task/${tracer}/children`, "utf8")), "SIGTERM");
      expect(await ended).toEqual([0, null]);

      const permitted = new Set<string>();
      // Each line adds system calls to those of the lines before, or removes them if it starts with ~.
      for (const line of values("SystemCallFilter") as string[]) {
        for (const call of callsOf(line.replace(/^~/, ""))) {
          if (line.startsWith("~")) {
            permitted.delete(call);
          } else {
            permitted.add(call);
          }
        }
      }
      const used = new Set(
        [...readFileSync(trace, "utf8").matchAll(/^\d+ +(\w+)\(/gm)].map(([, call]) => call ?? ""),
      );
      expect(used).toContain("accept4");
      expect([...used].filter((call) => !permitted.has(call))).toEqual([]);
    },
  );
});

/** Returns the system calls of some groups, including nested groups. */
function callsOf(groups: string): string[] {
  return groups.split(" ").flatMap((group) => {
    const lines = analyze("syscall-filter", group).output.split("\n").slice(1);
    const names = lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
    return names.flatMap((name) => (name.startsWith("@") ? callsOf(name) : [name]));
  });
}

describe("the settings of mdps.service", () => {
  it("mdps.service allows enough open files for all connections and enough time to stop", () => {
    const grace = 10;
    expect(Number(values("LimitNOFILE")[0])).toBeGreaterThan(2 * 16_384);
    expect(Number.parseInt(values("TimeoutStopSec")[0] ?? "", 10)).toBeGreaterThan(2 * grace);
  });

  it("mdps.service starts the program of the package with the settings of /etc/mdps", () => {
    const { bin } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
    const main = `/opt/mdps/node_modules/mobile-data-plan-sharing/${bin.mdps.replace(".ts", ".js")}`;
    expect(values("ExecStart")).toEqual([
      `/usr/bin/node --max-semi-space-size=32 ${main} serve --config /etc/mdps/mdps.yaml --data \${STATE_DIRECTORY}`,
    ]);
    expect(values("ExecReload")).toEqual(["/bin/kill -HUP $MAINPID"]);
  });
});
