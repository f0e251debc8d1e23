import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../src/cli/options/read-config.ts";
import { readIntrospectionSecret } from "../../src/cli/options/server-secrets.ts";
import { type RunningServer, startServer } from "../../src/server/server.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { startProgram } from "../support/program.ts";

const run = promisify(execFile);
const root = dirname(dirname(import.meta.dirname));
/** Returns the text of a document and its named blocks: `snippet` for code, `output` for what a command prints. */
function readDocument(path: string) {
  const text = readFileSync(join(root, path), "utf8");
  const blocks = (kind: string) =>
    new Map(
      [...text.matchAll(new RegExp(`<!-- ${kind}: (\\S+) -->\n\`\`\`\\w+\\n([\\s\\S]*?)\\n\`\`\``, "g"))].map(
        ([, name = "", block = ""]) => [name, block],
      ),
    );
  return { text, snippets: blocks("snippet"), outputs: blocks("output") };
}

const readme = readDocument("README.md");
const snippets = new Map([
  ...readDocument("docs/getting-started.md").snippets,
  ...readDocument("docs/client.md").snippets,
]);

const hasPython = spawnSync("python3", ["--version"]).status === 0;

describe("the snippets of docs/getting-started.md and docs/client.md", () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    // A folder like a checkout, so that what the snippets write does not end up in this one.
    folder = mkdtempSync(join(tmpdir(), "mdps-readme-"));
    const names = ["package.json", "node_modules", "scripts", "src", "gen"];
    for (const name of names) {
      symlinkSync(join(root, name), join(folder, name));
    }
    server = await startServer({ host: "127.0.0.1", port: 0, dataDirectory: join(folder, "data", "mdps") });
    await shell("");
  });

  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a script in a shell in which the snippet `status.sh` was run, and returns its output. */
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

  it("validates and pushes with the options of the client", async () => {
    writeFileSync(join(folder, "client.ts"), snippets.get("client.ts") ?? "");
    const printed = await shell("node client.ts");
    expect(printed).toBe("[] []\nCreatePlanStatus 1 undefined\noperators/65001/planStatuses/a%2Fb+c==\n");
  });

  it.skipIf(!hasPython)("pushes with Python (skipped where python3 is missing)", async () => {
    writeFileSync(join(folder, "push.py"), snippets.get("push.py") ?? "");
    const answer = JSON.parse(await shell("python3 push.py"));
    expect(answer.name).toBe("operators/65001/planStatuses/a%2Fb+c==");
  });

  it("pushes with the key file of a service account", async () => {
    writeFileSync(join(folder, "push-with-key.ts"), snippets.get("push-with-key.ts") ?? "");
    const printed = await shell(`${snippets.get("key.sh")}\nls -l key.json\nnode push-with-key.ts`);
    expect(printed).toMatch(
      /^key\.json: key .+\n-rw------- [\s\S]*\noperators\/65001\/planStatuses\/a%2Fb\+c==\n$/,
    );
  });

  it("reads back what was pushed", async () => {
    await shell(snippets.get("curl.sh") ?? "");
    const answer = JSON.parse(await shell(snippets.get("read.sh") ?? ""));
    expect(answer.plans[0].planId).toBe("acme-199");
    expect(await shell(snippets.get("get.sh") ?? "")).toContain("205 MiB of 2 GiB left (10 %) · low quota");
  });
});

describe("README.md", () => {
  it("has at most 120 lines", () => {
    expect(readme.text.trimEnd().split("\n").length).toBeLessThanOrEqual(120);
  });

  it("has the test command that CI runs", () => {
    const command = "npm ci && npm test";
    expect(readFileSync(join(root, ".ci/run"), "utf8")).toContain(command);
    expect(readme.text).toContain(`\n\`\`\`sh\n${command}\n\`\`\`\n`);
  });

  it("shows what npm start, the printed curl line and mdps get print", async () => {
    const data = await dataDirectory();
    const env = { ...process.env, NO_COLOR: "1", XDG_DATA_HOME: data };
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const [, start = ""] = / src\/cli\/main\.ts (.+)$/.exec(scripts.start) ?? [];
    const server = startProgram([...start.split(" "), "--port", "0", "--log-level", "error"], { env });
    const started = await server.printed(/^Guide .+\n/m);
    const [, url = ""] = /listens on (\S+)/.exec(started) ?? [];
    expect(started).toMatch(asPrinted(readme.outputs.get("start.txt")));

    const command = /^.* \| curl .+$/m.exec(started)?.[0] ?? "false";
    const { stdout: answer } = await run("sh", ["-c", command], { cwd: root, env });
    expect(answer).toMatch(asPrinted(readme.outputs.get("push.txt")?.replaceAll("\n", "")));

    const get = readme.snippets.get("get.sh")?.replace("http://127.0.0.1:8080", url) ?? "false";
    const { stdout: card } = await run("sh", ["-c", get], { cwd: root, env });
    expect(card).toMatch(asPrinted(readme.outputs.get("get.txt")));

    /** Returns a pattern for an output in which `…` stands for any text, and so does the age of the status. */
    function asPrinted(output = "no output"): RegExp {
      const parts = output.replaceAll("http://127.0.0.1:8080", url).replace("0 min", "…").split("…");
      return new RegExp(
        `^${parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*?")}\\n*$`,
        "s",
      );
    }
  });
});

it("the server accepts the configuration in docs/security.md", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mdps-readme-"));
  const text = /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(root, "docs/security.md"), "utf8"))?.[1] ?? "";
  writeFileSync(join(folder, "mdps.yaml"), text);
  writeFileSync(join(folder, "introspection-secret.txt"), "secret\n", { mode: 0o600 });
  const resolved = await readConfig({ file: join(folder, "mdps.yaml") });
  expect(resolved.config.auth?.jwtIssuers[0]?.accounts[0]?.asns).toEqual([65001, 65002]);
  expect(await readIntrospectionSecret(resolved)).toBe("secret");
  rmSync(folder, { recursive: true });
});
