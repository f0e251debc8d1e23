import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createPlanSharingClient } from "../../src/client/client.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { printToken, startProgram, startServe } from "../support/program.ts";

const run = promisify(execFile);

describe("mdps serve --quick-start", () => {
  it("prints the address, a token and a curl command that pushes when a shell runs it", async () => {
    // A path with a space that does not exist yet.
    const directory = join(await dataDirectory(), "my data");
    const server = await startServe(directory, ["--quick-start", "65001"]);
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const text = await server.printed(/^curl .+\n/m);
    expect(text).toContain(`mdps listens on ${server.url}, data directory ${directory}\n`);
    expect(text).toMatch(/\nToken for operator 65001, valid for one hour:\n[\w-]+\.[\w-]+\.[\w-]+\n/);

    const line = /^curl .+$/m.exec(text)?.[0] ?? "";
    const { stdout } = await run("sh", ["-c", `${line} -w '\\n%{http_code}'`]);
    const [body = "", status] = stdout.split(/\n(?=\d+$)/);
    expect(status).toBe("200");
    const answer = JSON.parse(body) as { name: string; notifications: string[]; plans: object[] };
    expect(answer.name).toBe("operators/65001/planStatuses/a%2Fb+c==");
    expect(answer.notifications).toEqual(["NOTIFICATION_LOW_BALANCE_WARNING"]);
    expect(answer.plans).toHaveLength(1);

    const token = await printToken(directory, "--read");
    const reader = createPlanSharingClient({ endpoint: server.url, protocol: "grpc", token });
    const status2 = await reader.getUserPlanStatus({
      parent: "operators/65001",
      clientId: "mobiledataplan",
      userKey: "a/b+c==",
    });
    expect(status2.title).toBe("ACME Plan 199");
  });

  it("prints the quick start as one line of JSON with --json", async () => {
    const directory = await dataDirectory();
    const program = startProgram([
      "serve",
      "--json",
      "--quick-start",
      "65001",
      "--port",
      "0",
      "--data",
      directory,
    ]);
    const answer = JSON.parse(await program.printed(/\n$/));
    expect(answer).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      data: directory,
      quickStart: {
        operator: 65001,
        token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        command: expect.stringContaining(`curl -sS -X POST '`),
      },
    });
    expect(answer.quickStart.command).toContain(answer.url);
  });
});
