import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { whatIsMissing } from "../../scripts/go-tool.ts";
import { runServer } from "./running-server.ts";

const root = join(import.meta.dirname, "../..");
const missing = whatIsMissing();
if (missing !== undefined) {
  console.warn(`The tests of the Go module are skipped: ${missing}.`);
}

/** Returns the commands of docs/consuming.md that replace the module with a clone. */
function documentedReplacement(): string {
  const page = readFileSync(join(root, "docs/consuming.md"), "utf8");
  const commands = /```sh\n(go mod edit -replace [\s\S]*?)```/.exec(page)?.[1];
  if (commands === undefined) {
    throw new Error("docs/consuming.md has no `go mod edit -replace`");
  }
  return commands;
}

it("generation is checked without Go, except for the Go module, which is skipped by name", () => {
  const env = { ...process.env, PATH: dirname(process.execPath) };
  const script = join(root, "scripts/checks/generated.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { env, encoding: "utf8" });
  expect(stderr).toBe("gen/go: skipped, Go is not installed\n");
  expect(stdout).toMatch(/^\d+ files are what the protos generate\n$/);
  expect(status).toBe(0);
});

describe.skipIf(missing !== undefined)("the Go module gen/go", () => {
  it("the documented program compiles in a module of its own, as docs/consuming.md says, and pushes a status", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mdps-go-module-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const run = (command: string, env: Record<string, string> = {}) =>
      execFileSync("bash", ["-euc", command], {
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, GOFLAGS: "", GOWORK: "off", CLONE: root, ...env },
      });
    copyFileSync(join(root, "docs/examples/go/main.go"), join(folder, "main.go"));
    run("go mod init example.com/acme/push");
    run(documentedReplacement());
    run('go mod tidy && go vet . && test -z "$(gofmt -l .)"');
    const { url, token } = await runServer();
    const printed = run("go run .", { MDPS_ENDPOINT: url, MDPS_TOKEN: token });
    expect(printed).toBe("operators/65001/planStatuses/491701234567\n");
  });
});
