import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whatIsMissing } from "../../../scripts/go-tool.ts";
import { missingPython } from "../../../scripts/release/packages/python.ts";
import { runTool } from "../../../scripts/run-tool.ts";
import { checkFigures } from "../../support/compatibility/figures.ts";
import type { TestListener } from "../../support/test-listener.ts";
import { installPython } from "../../tools/python.ts";
import { type Call, callsTo, differences, type Report, serveTexts } from "./calls.ts";
import { callWithGax } from "./node.ts";

const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), "mdps-google-streams-"));
const missingGo = whatIsMissing();
const missingPip = missingPython();

let server: TestListener;
beforeAll(async () => {
  server = await serveTexts();
});
afterAll(async () => {
  await server.close(0);
  rmSync(folder, { recursive: true, force: true });
});

/** Rows of the table in docs/compatibility.md, by client. */
const rows: string[] = [];

function addRow(client: string, protocol: string, total: number, wrong: readonly string[]): void {
  rows.push(`| ${client} | ${protocol} | ${total - wrong.length}/${total} |`);
}

/** Runs a program: one call per line of its input, one report per line of its output. */
async function run(command: string, args: readonly string[], calls: readonly Call[]) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stdin.end(`${calls.map((call) => JSON.stringify(call)).join("\n")}\n`);
  await new Promise((resolve) => child.once("close", resolve));
  const lines = output.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Report);
}

/** Every protocol with and without compression. */
async function compare(
  call: (calls: readonly Call[]) => Promise<readonly Report[]>,
  options: Partial<Call>,
  init?: { hidesError: boolean },
) {
  const wrong: string[] = [];
  let total = 0;
  for (const gzip of [false, true]) {
    const calls = callsTo(server, { ...options, gzip });
    total += calls.length;
    wrong.push(...differences(await call(calls), init));
  }
  return { total, wrong };
}

describe.skipIf(missingGo !== undefined)(`gax-go${missingGo ? ` (skipped: ${missingGo})` : ""}`, () => {
  const program = join(folder, "go", "program");
  beforeAll(async () => {
    cpSync(join(here, "go"), join(folder, "go"), { recursive: true });
    const env = { GOFLAGS: "-mod=readonly", GOWORK: "off" };
    await runTool("go", ["build", "-o", program, "."], { cwd: join(folder, "go"), env, log: () => {} });
  });

  it.each(["HTTP/1.1", "HTTP/2"] as const)(
    "gax-go reads streams and errors over %s and raises an error for each that fails",
    async (protocol) => {
      const { total, wrong } = await compare((calls) => run(program, [], calls), { protocol });
      addRow(`Go: gax-go ${versionIn("go/go.mod", "gax-go/v2 v")}`, protocol, total, wrong);
      expect(wrong).toEqual([]);
    },
  );
});

describe.skipIf(missingPip !== undefined)(
  `google-api-core${missingPip ? ` (skipped: ${missingPip})` : ""}`,
  () => {
    let python = "";
    beforeAll(async () => {
      const programs = await installPython(join(folder, "venv"), join(here, "python", "requirements.txt"));
      python = join(programs, "python");
    });

    it.each([
      ["proto-plus", true],
      ["protobuf", false],
    ] as const)(
      "google-api-core reads streams of %s and errors over HTTP/1.1, its only protocol, and raises an error for each that fails",
      async (messages, hidesError) => {
        const args = [join(here, "python", "main.py")];
        const { total, wrong } = await compare(
          (calls) => run(python, args, calls),
          { messages },
          { hidesError },
        );
        const version = versionIn("python/requirements.txt", "google-api-core==");
        addRow(`Python: google-api-core ${version} with ${messages}`, "HTTP/1.1", total, wrong);
        expect(wrong).toEqual([]);
      },
    );
  },
);

describe("google-gax", () => {
  it("google-gax reads streams and errors over HTTP/1.1, its only protocol, and raises an error for each that fails", async () => {
    const { total, wrong } = await compare(callWithGax, {});
    addRow(
      `Node: google-gax ${versionIn("../../../package.json", '"google-gax": "')}`,
      "HTTP/1.1",
      total,
      wrong,
    );
    expect(wrong).toEqual([]);
  });
});

const isComplete = missingGo === undefined && missingPip === undefined;

describe.skipIf(!isComplete)("docs/compatibility.md", () => {
  it("docs/compatibility.md has the figures of Google's REST clients", () => {
    // Not if a client did not run.
    expect(rows).toHaveLength(5);
    const lines = [
      "The libraries below Google's generated REST clients read streams of a server with this project's listener and",
      "transcoding: complete, empty, failed before and after the first message, short and long; and an invalid request",
      "with two violations. Each with and without accepting compression. A stream that fails must raise an error after",
      "its messages.",
      "",
      "| Client | Protocol | As expected |",
      "| --- | --- | --- |",
      ...rows,
      "",
      "Clients that ignore unknown fields read an empty message before the error. The programs are in",
      "`test/google-clients/streams`.",
    ];
    const heading = "REST streams and errors in Google's clients";
    expect(checkFigures({ heading, command: "--project tools", lines })).toBeUndefined();
  });
});

/** Returns the version that follows a text in a file. */
function versionIn(file: string, text: string): string {
  const content = readFileSync(join(here, file), "utf8");
  return /^[\w.]+/.exec(content.slice(content.indexOf(text) + text.length))?.[0] ?? "";
}
