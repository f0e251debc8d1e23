import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installGoTool, moduleFolder, whatIsMissing } from "../../../scripts/go-tool.ts";
import { checkFigures } from "../../support/compatibility/figures.ts";
import { runTool } from "../running-server.ts";
import { knownDifferences } from "./known-differences.ts";
import { differenceOf, type Output, readOutput, startedTooSlowly, withRepeated } from "./read-output.ts";

const module = "connectrpc.com/conformance";
const version = "v1.0.7";
const buf = new URL("../../../node_modules/.bin/buf", import.meta.url).pathname;

/** The configurations, by file, with what they run. */
const configurations = {
  connect: "Connect, HTTP/1.1 and h2c",
  grpc: "gRPC, h2c",
  "grpc-web": "gRPC-Web, HTTP/1.1 and h2c",
  tls: "all, TLS and HTTP/1.1",
};

const minutes = 60_000;
const missing = whatIsMissing();
const skipped = missing === undefined ? "" : ` (skipped: ${missing})`;

describe.skipIf(missing !== undefined)(`connectconformance${skipped}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "mdps-conformance-"));
  const descriptors = join(folder, "conformance.binpb");
  const outputs: [keyof typeof configurations, Output][] = [];
  let program = "";
  beforeAll(() => {
    program = installGoTool(`${module}/cmd/connectconformance`, version, folder);
    execFileSync(buf, ["build", moduleFolder(module, version), "--output", descriptors]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(Object.entries(configurations) as [keyof typeof configurations, string][])(
    "the server passes every case of connectconformance with the configuration %s, except known differences",
    async (name) => {
      const server = [process.execPath, join(import.meta.dirname, "server.ts"), descriptors, "ours"];
      const configuration = join(import.meta.dirname, `${name}.yaml`);
      const run = ["--mode", "server", "--max-servers", "2", "--conf", configuration, "--", ...server];
      const { stdout, stderr } = await runTool(program, run, "", 5 * minutes);
      const first = readOutput(stdout + stderr);
      const again = first.failed.filter(startedTooSlowly).flatMap((each) => ["--run", each.name]);
      let output = first;
      if (again.length > 0) {
        console.warn(`run again, because their server started too slowly: ${again.join(" ")}`);
        const repeated = await runTool(program, [...again, ...run], "", 5 * minutes);
        output = withRepeated(first, readOutput(repeated.stdout + repeated.stderr));
      }
      outputs.push([name, output]);
      expect(output.total).toBeGreaterThan(400);
      expect(output.failed.filter((each) => differenceOf(each, knownDifferences) === undefined)).toEqual([]);
    },
    5 * minutes,
  );

  it("every known difference of connectconformance still exists", () => {
    const failed = outputs.flatMap(([, output]) => output.failed);
    const idle = knownDifferences.filter(
      (known) => !known.isRace && !failed.some((each) => differenceOf(each, knownDifferences) === known),
    );
    expect(idle).toEqual([]);
  });

  it("docs/compatibility.md has the figures of connectconformance", () => {
    const rows = outputs.map(([name, { total, passed, failed }]) => {
      const known = failed.flatMap((each) => differenceOf(each, knownDifferences) ?? []);
      const races = known.filter(({ isRace }) => isRace).length;
      const different = known.length - races;
      return `| ${configurations[name]} | ${total} | ${passed + races} | ${different} | ${failed.length - known.length} |`;
    });
    const problem = checkFigures({
      heading: "Connect's conformance suite",
      command: "--project tools test/tools/conformance",
      lines: [
        `connectconformance ${version.slice(1)} calls a service of its own behind this project's listener, admission and RPC handler.`,
        "",
        "| Protocols | cases | as expected | with more details | failed |",
        "| --- | --- | --- | --- | --- |",
        ...rows,
        "",
        "*With more details*: the answer is as expected, and the error has more details than the suite expects:",
        "",
        ...new Set(knownDifferences.map(({ reason }) => `- ${reason}`)),
        "",
        "Every error of this server has a reason. Such a case counts only if the suite has no other remark.",
      ],
    });
    expect(problem).toBeUndefined();
  });
});
