import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { whatIsMissing } from "../../../scripts/go-tool.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { printToken, startServe } from "../../support/program.ts";
import { statusJson } from "../running-server.ts";

const missing = whatIsMissing();
const condition = missing === undefined ? "" : ` (skipped: ${missing})`;

// Of the module google.golang.org/api/…, because generated clients import internal packages of google.golang.org/api.
const folder = mkdtempSync(join(tmpdir(), "mdps-google-api-go-"));
const module = join(folder, "program");
const go = (...args: string[]) => execFileSync("go", args, { cwd: module, encoding: "utf8" });

beforeAll(() => {
  if (missing === undefined) {
    cpSync(join(import.meta.dirname, "program"), module, { recursive: true });
  }
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.skipIf(missing !== undefined)(
  `google-api-go-generator makes a client of the served Discovery document that compiles and calls the server${condition}`,
  async () => {
    const directory = await dataDirectory();
    const { url } = await startServe(directory);
    const response = await fetch(`${url}/$discovery/rest?version=v1`);
    const document = join(folder, "discovery.json");
    writeFileSync(document, await response.text());

    const generated = join(module, "v1", "client.go");
    mkdirSync(join(module, "v1"));
    const generator = join(folder, "generator");
    go("build", "-mod=readonly", "-o", generator, "google.golang.org/api/google-api-go-generator");
    execFileSync(generator, ["-api_json_file", document, "-gendir", folder, "-output", generated], {
      stdio: "pipe",
    });
    go("vet", "-mod=readonly", "./...");
    const program = join(folder, "client");
    go("build", "-mod=readonly", "-o", program, ".");

    const env = {
      PUSH_TOKEN: await printToken(directory),
      READ_TOKEN: await printToken(directory, "--access", "read"),
    };
    const printed = execFileSync(program, [`${url}/`], { input: JSON.stringify(statusJson()), env });
    expect(printed.toString().trim().split(" ")).toEqual([
      expect.stringContaining("a%2Fb+c=="),
      expect.stringContaining("a%2Fb+c=="),
      "acme-199",
      "true",
      "400",
      "languageCode:",
      "value",
      "is",
      "required",
    ]);
  },
  300_000,
);
