import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missingPython } from "../../../scripts/release/packages/python.ts";
import { signAccessToken } from "../../../src/auth/access-token.ts";
import { pushScope, readScope } from "../../../src/auth/scopes.ts";
import { loadSigningKey } from "../../../src/auth/signing-key.ts";
import { checkFigures } from "../../support/compatibility/figures.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { startServe } from "../../support/program.ts";
import { installPython } from "../python.ts";
import { statusJson } from "../running-server.ts";

const document = new URL("../../../gen/openapi.json", import.meta.url).pathname;
const missing = missingPython();
if (missing !== undefined) {
  console.warn(`The tests with schemathesis are skipped: ${missing}.`);
}

/** The report of a run, as far as tests read it. */
type Report = {
  readonly operations: { readonly total: number };
  readonly test_cases: { readonly generated: number };
  readonly failures: readonly unknown[];
  readonly errors: readonly unknown[];
  /** How many requests with valid data were accepted, for each operation and phase. */
  readonly valid_rates: Readonly<Record<string, Readonly<Record<string, { readonly accepted: number }>>>>;
};

describe.skipIf(missing !== undefined)(`schemathesis${missing === undefined ? "" : ` (${missing})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "mdps-schemathesis-"));
  let programs = "";
  beforeAll(async () => {
    programs = await installPython(
      join(folder, "venv"),
      new URL("requirements.txt", import.meta.url).pathname,
    );
    cpSync(new URL("hooks.py", import.meta.url), join(folder, "hooks.py"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Sends requests to a server. Returns the report and, for the message of a failing test, what was printed. */
  async function run(url: string, settings: string, ...args: string[]) {
    const common = readFileSync(new URL("schemathesis.toml", import.meta.url), "utf8");
    writeFileSync(join(folder, "run.toml"), `${common}\n${settings}`);
    const report = ["--report", "json", "--report-json-path", "report.json"];
    rmSync(join(folder, "report.json"), { force: true });
    const printed = await new Promise<string>((resolve) => {
      execFile(
        join(programs, "schemathesis"),
        ["--config-file", "run.toml", "--no-color", "run", document, "--url", url, ...report, ...args],
        { cwd: folder, maxBuffer: 2 ** 28 },
        (_, stdout, stderr) => resolve(stdout + stderr),
      );
    });
    expect(existsSync(join(folder, "report.json")), printed).toBe(true);
    const json = JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as Report;
    console.log(`schemathesis: ${json.test_cases.generated} requests, ${json.failures.length} failures`);
    return { ...json, printed };
  }

  /** A row for each run. Requests in hundreds: how many there are exactly depends on the version of Python. */
  const rows: string[] = [];
  function note(callers: string, { operations, test_cases, failures }: Report) {
    const hundreds = Math.floor(test_cases.generated / 100) * 100;
    rows.push(`| ${callers} | ${operations.total} | over ${hundreds} | ${failures.length} |`);
  }

  const passed = {
    operations: { total: 6, tested: 6, errored: 0, skipped: 0 },
    test_cases: { with_failures: 0, errored: 0 },
    failures: [],
    errors: [],
  };

  it("the server answers requests of schemathesis with a token as the OpenAPI document says", async () => {
    const directory = await dataDirectory();
    const { url } = await startServe(directory, []);
    const token = await signAccessToken(
      await loadSigningKey(directory),
      { account: "test", asns: [65001], scopes: [pushScope, readScope], lifetimeSeconds: 3600 },
      { now: () => Date.now() },
    );
    await store(`${url}/v1/operators/65001/planStatuses?userKey=stored`, token, statusJson());
    await store(`${url}/v1/operators/65001/planGroups`, token, { planGroupId: "stored" });
    const report = await run(url, existing, "--header", `Authorization: Bearer ${token}`);
    expect(report, report.printed).toMatchObject(passed);
    // Every operation has succeeded, so that the successful answers were checked too.
    for (const [operation, phases] of Object.entries(report.valid_rates)) {
      const accepted = Object.values(phases).reduce((sum, phase) => sum + phase.accepted, 0);
      expect(accepted, operation).toBeGreaterThan(2);
    }
    expect(Object.keys(report.valid_rates)).toHaveLength(6);
    expect(report.test_cases.generated).toBeGreaterThan(1_000);
    note("with a token", report);
  }, 300_000);

  it("the server answers requests of schemathesis without a token as the OpenAPI document says", async () => {
    const { url } = await startServe(await dataDirectory(), []);
    // The third phase, sequences of requests, needs answers to continue with.
    const report = await run(url, "", "--phases", "coverage,fuzzing");
    expect(report, report.printed).toMatchObject(passed);
    expect(report.test_cases.generated).toBeGreaterThan(500);
    note("without a token", report);
  }, 300_000);

  it("docs/compatibility.md has the figures of schemathesis", () => {
    const heading = "Schemathesis";
    const command = "--project tools test/tools/schemathesis";
    expect(checkFigures({ heading, command, lines: linesOf(rows) })).toBeUndefined();
  });
});

function linesOf(rows: readonly string[]): string[] {
  const version = /^schemathesis==(\S+)/m.exec(
    readFileSync(new URL("requirements.txt", import.meta.url), "utf8"),
  )?.[1];
  return [
    `schemathesis ${version} makes requests from the OpenAPI document, valid and invalid ones, and checks each answer`,
    "of `mdps serve`: no server error, and a status, content type, schema and Allow as the document says.",
    "",
    "| Requests | operations | sent | failures |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    "Two checks are off, with their reasons in `test/tools/schemathesis/schemathesis.toml`: unknown fields and relations of",
    "times, which no schema expresses, and `null` and enum numbers, which ProtoJSON accepts.",
  ];
}

/** Settings with which requests are for an operator of the token, and reads for what is stored. */
const existing = `
[parameters]
"path.asnId" = "65001"

[[operations]]
include-method = "GET"
parameters = { "path.asnId" = "65001", "path.userKey" = "stored", "path.planGroupId" = "stored" }
`;

async function store(url: string, token: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) {
    throw new Error(`storing failed: ${response.status} ${await response.text()}`);
  }
}
