import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../src/cli/options/read-config.ts";
import { readIntrospectionSecret } from "../../src/cli/options/server-secrets.ts";
import { type RunningServer, startServer } from "../../src/server/server.ts";

const run = promisify(execFile);
const root = dirname(dirname(import.meta.dirname));
const readme = readFileSync(join(root, "README.md"), "utf8");

/** The README's code blocks that have a name, by it. */
const snippets = new Map(
  [...readme.matchAll(/<!-- snippet: (\S+) -->\n```\w+\n([\s\S]*?)\n```/g)].map(
    ([, name = "", code = ""]) => [name, code],
  ),
);

const hasPython = spawnSync("python3", ["--version"]).status === 0;

describe("the README's snippets, as they stand", () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    // A folder like a checkout, so that what the snippets write does not end up in this one.
    folder = mkdtempSync(join(tmpdir(), "mdps-readme-"));
    for (const name of ["package.json", "node_modules", "src", "gen", "proto", "proto-deps", "buf.yaml"]) {
      symlinkSync(join(root, name), join(folder, name));
    }
    server = await startServer({ host: "127.0.0.1", port: 0, dataDirectory: join(folder, "data", "mdps") });
    await shell("");
  });

  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a script in a shell in which the README's set-up snippet was run, and returns what it prints. */
  async function shell(script: string): Promise<string> {
    const setUp = (snippets.get("status.sh") ?? "").replace("http://127.0.0.1:8080", server.url);
    const { stdout } = await run("bash", ["-euo", "pipefail", "-c", `${setUp}\n${script}`], {
      cwd: folder,
      env: {
        ...process.env,
        PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
        XDG_DATA_HOME: join(folder, "data"),
      },
    });
    return stdout;
  }

  it("pushes with curl", async () => {
    const answer = JSON.parse(await shell(snippets.get("curl.sh") ?? ""));
    expect(answer.name).toBe("operators/65001/planStatuses/a%2Fb+c==");
    expect(answer.notifications).toEqual(["NOTIFICATION_LOW_BALANCE_WARNING"]);
  });

  it("pushes with buf curl", async () => {
    const answer = JSON.parse(await shell(snippets.get("buf-curl.sh") ?? ""));
    expect(answer.name).toBe("operators/65001/planStatuses/a%2Fb+c==");
  });

  it("pushes with TypeScript", async () => {
    writeFileSync(join(folder, "push.ts"), snippets.get("push.ts") ?? "");
    expect(await shell("node push.ts")).toBe("operators/65001/planStatuses/a%2Fb+c== [ 1 ]\n");
  });

  it("uses what the client has", async () => {
    writeFileSync(join(folder, "client.ts"), snippets.get("client.ts") ?? "");
    const printed = await shell("node client.ts");
    expect(printed).toContain("field: 'accountInfo.validUntil'");
    expect(printed).toContain("CreatePlanStatus 1 3\nINVALID_ARGUMENT FIELD_INVALID [");
  });

  it.skipIf(!hasPython)("pushes with Python (skipped where python3 is missing)", async () => {
    writeFileSync(join(folder, "push.py"), snippets.get("push.py") ?? "");
    const answer = JSON.parse(await shell("python3 push.py"));
    expect(answer.name).toBe("operators/65001/planStatuses/a%2Fb+c==");
  });

  it("pushes with the key file of a service account", async () => {
    writeFileSync(join(folder, "push-with-key.ts"), snippets.get("push-with-key.ts") ?? "");
    const printed = await shell(`${snippets.get("key.sh")}\nls -l key.json\nnode push-with-key.ts`);
    expect(printed).toMatch(/^-rw------- [\s\S]*\noperators\/65001\/planStatuses\/a%2Fb\+c==\n$/);
  });

  it("reads back what was pushed", async () => {
    await shell(snippets.get("curl.sh") ?? "");
    const answer = JSON.parse(await shell(snippets.get("read.sh") ?? ""));
    expect(answer.plans[0].planId).toBe("acme-199");
    expect(await shell(snippets.get("get.sh") ?? "")).toContain("205 MiB of 2 GiB left (10 %) · low quota");
  });
});

it("the configuration in docs/security.md is one that the server takes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mdps-readme-"));
  const text = /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(root, "docs/security.md"), "utf8"))?.[1] ?? "";
  writeFileSync(join(folder, "mdps.yaml"), text);
  writeFileSync(join(folder, "introspection-secret.txt"), "secret\n", { mode: 0o600 });
  const resolved = await readConfig({ file: join(folder, "mdps.yaml") });
  expect(resolved.config.auth?.jwtIssuers[0]?.accounts[0]?.asns).toEqual([65001, 65002]);
  expect(await readIntrospectionSecret(resolved)).toBe("secret");
  rmSync(folder, { recursive: true });
});
