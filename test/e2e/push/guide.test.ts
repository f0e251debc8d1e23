import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exitCodes } from "../../../src/push/report/summary.ts";
import { type RunningServer, startServer } from "../../../src/server/server.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");
const guide = readFileSync(join(root, "docs/pushing.md"), "utf8");
const csvGuide = readFileSync(join(root, "docs/pushing/csv.md"), "utf8");

const blocks = (kind: string, text = guide) =>
  new Map(
    [...text.matchAll(new RegExp(`<!-- ${kind}: (\\S+) -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\\n\`\`\``, "g"))].map(
      ([, name = "", block = ""]) => [name, block],
    ),
  );

const snippets = blocks("snippet");
const outputs = blocks("output");

/** Replaces what differs from run to run by the values in the guide. */
function withGuideValues(text: string): string {
  return text
    .replaceAll(/\S*\/runs\/[\d-]+T[\d-]+/g, "/home/you/runs/2026-11-22T08-00-00")
    .replace(/time {11}\S+ s \(\S+\/s\)/, "time           0.1 s (84/s)")
    .trimEnd();
}

let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mdps-guide-"));
  for (const name of ["package.json", "node_modules", "scripts", "src", "gen"]) {
    symlinkSync(join(root, name), join(folder, name));
  }
  server = await startServer({ host: "127.0.0.1", port: 0, dataDirectory: join(folder, "data", "mdps") });
});

afterAll(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs snippets in order and returns the output of each. */
async function runSnippets(all: ReadonlyMap<string, string>, names: readonly string[]) {
  expect([...all.keys()]).toEqual(names);
  const script = names.map((name) => `${all.get(name)}\necho '=== end of ${name}'`).join("\n");
  const { stdout } = await run(
    "bash",
    ["-euo", "pipefail", "-c", script.replace("http://127.0.0.1:8080", server.url)],
    {
      cwd: folder,
      env: {
        ...process.env,
        NO_COLOR: "1",
        PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
        XDG_DATA_HOME: join(folder, "data"),
      },
    },
  );
  const parts = stdout.split(/^=== end of .*\n/m);
  return new Map(names.map((name, index) => [name, parts[index] ?? ""]));
}

describe("docs/pushing.md", () => {
  it("shows the output of its commands, run in order", { timeout: 120_000 }, async () => {
    const names = ["key.sh", "input.sh", "validate.sh", "push.sh", "resume.sh", "repair.sh"];
    const printed = await runSnippets(snippets, names);
    for (const [name, output] of outputs) {
      expect(withGuideValues(printed.get(name) ?? "")).toBe(output);
    }
    const [resumed = "", code] = (printed.get("resume.sh") ?? "").split("\n");
    expect(JSON.parse(resumed)).toMatchObject({ end: "finished", pushed: 9, rejected: 1 });
    expect(code).toBe("exit code 2");
    const [reason = "", ...rest] = (printed.get("repair.sh") ?? "").split("\n");
    expect(JSON.parse(reason)).toMatchObject({ line: 6, violations: [{ field: "languageCode" }] });
    expect(rest.join("\n")).toMatch(/^finished\n {2}pushed {9}1\n {2}rejected {7}0\n/);
  });

  it("lists every exit code of mdps push", () => {
    const rows = guide.slice(guide.indexOf("| exit code | meaning |"));
    for (const code of Object.values(exitCodes)) {
      expect(rows).toMatch(new RegExp(`^\\| ${code}[, ]`, "m"));
    }
  });
});

describe("docs/pushing/csv.md", () => {
  it("shows the output of its commands, run in order", { timeout: 120_000 }, async () => {
    const printed = await runSnippets(blocks("snippet", csvGuide), [
      "export.sh",
      "mapping.sh",
      "validate.sh",
      "push.sh",
    ]);
    for (const [name, output] of blocks("output", csvGuide)) {
      expect(printed.get(name)?.trimEnd()).toBe(output);
    }
  });
});
