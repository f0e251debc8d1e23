import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { statusJson } from "../../support/push-inputs.ts";

const run = promisify(execFile);

describe("the commands of docs/emulator.md under “What arrived”", () => {
  const text = readFileSync(new URL("../../../docs/emulator.md", import.meta.url), "utf8");
  const [, section = ""] = /^## What arrived\n([\s\S]*?)^## /m.exec(text) ?? [];
  const snippets = new Map(
    Array.from(
      section.matchAll(/<!-- snippet: (\S+) -->\n```sh\n([\s\S]*?)\n```/g),
      ([, name = "", script]) => [name, script ?? ""],
    ),
  );

  let emulator: TestEmulator;
  beforeAll(async () => {
    emulator = await startTestEmulator({ anyToken: true });
  });
  afterAll(() => emulator[Symbol.asyncDispose]());

  function scriptOf(name: string): string[] {
    const script = (snippets.get(name) ?? "exit 1").replaceAll("http://127.0.0.1:8080", emulator.url);
    return ["-euo", "pipefail", "-c", script];
  }

  const shell = async (name: string) => JSON.parse((await run("bash", scriptOf(name))).stdout);

  async function push(userKey: string, body: object): Promise<void> {
    const path = `/v1/operators/65001/clients/youtube/users/${encodeURIComponent(userKey)}/planStatus`;
    const answer = await fetch(emulator.url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    await answer.arrayBuffer();
  }

  it("show what their comments say", async () => {
    const status = statusJson("arrived");
    const module = {
      moduleName: "Data",
      description: "2 GB",
      planModuleState: "EXPIRED",
      coarseBalanceLevel: "HIGH_QUOTA",
    };
    await push("+14155550100", { ...status, plans: [{ planId: "gold", planModules: [module] }] });
    await push("+14155550101", {});
    await push("+4930555", status);
    expect((await shell("rejected.sh")).calls).toMatchObject([
      { userKey: "+14155550101", code: "INVALID_ARGUMENT" },
    ]);
    expect(await shell("one-call.sh")).toMatchObject({ name: "calls/1", userKey: "+14155550100" });
    expect((await shell("of-user.sh")).calls).toMatchObject([
      { userKey: "+14155550101", httpStatus: 400 },
      { userKey: "+14155550100", httpStatus: 200, notifications: ["NOTIFICATION_DATA_EXPIRED"] },
    ]);
    expect((await shell("sent.sh")).notifications).toMatchObject([
      { userKey: "+14155550100", text: "gold: Data has expired." },
    ]);
    expect(await shell("clear.sh")).toEqual({});
    expect(await shell("of-user.sh")).toEqual({});
    expect(await shell("sent.sh")).toEqual({});
  });

  it("watch calls until they are interrupted", async () => {
    const script = (scriptOf("watch.sh").at(-1) ?? "").replace(/^curl/m, "exec curl -v");
    const curl = spawn("bash", ["-c", script]);
    // The header of the answer: the watch has begun.
    for await (const line of createInterface({ input: curl.stderr })) {
      if (line.startsWith("< HTTP/1.1 200")) {
        break;
      }
    }
    await push("+14155550109", {});
    for await (const line of createInterface({ input: curl.stdout })) {
      expect(JSON.parse(line)).toMatchObject({ call: { userKey: "+14155550109" } });
      break;
    }
    curl.kill("SIGINT");
    await once(curl, "exit");
  });
});
