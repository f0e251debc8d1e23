import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { dataDirectory } from "../../support/data-directory.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { runProgram } from "../../support/program.ts";
import { manyLines, statusJson, writeLines } from "../../support/push-inputs.ts";
import { argsOf, env, summaryOf } from "../../support/push-runs.ts";

const run = promisify(execFile);

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator({ anyToken: true });
});
afterEach(() => emulator.state.faults.clear());
afterAll(async () => {
  expect(emulator.failures).toEqual([]);
  await emulator[Symbol.asyncDispose]();
});

describe("mdps push", () => {
  it("pushes every record although errors and cut connections befall many calls", async () => {
    const count = 100;
    const faults = [
      { cut: "BEFORE_ANSWER", everyNth: 5 },
      { cut: "WITHIN_ANSWER", everyNth: 7 },
      { cut: "BEFORE_PROCESSING", everyNth: 11 },
      { error: { code: "UNAVAILABLE", retryDelay: "0s" }, share: 0.1 },
    ];
    for (const fault of faults) {
      expect((await emulator.rest("POST", "faults", fault)).status).toBe(200);
    }
    const directory = await dataDirectory();
    const file = await writeLines(directory, manyLines(count));
    const outcome = await runProgram(["push", file, ...argsOf(directory, emulator.url)], { env });
    expect(summaryOf(outcome)).toMatchObject({ end: "finished", pushed: count, rejected: 0 });
    for (const { affectedCalls } of emulator.state.faults.list()) {
      expect(affectedCalls).toBeGreaterThan(0n);
    }
  });
});

describe("the commands of docs/emulator.md under “Errors on demand”", () => {
  const text = readFileSync(new URL("../../../docs/emulator.md", import.meta.url), "utf8");
  const [, section = ""] = /^## Errors on demand\n([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(text) ?? [];
  const snippets = new Map(
    Array.from(section.matchAll(/<!-- snippet: (\S+) -->\n```sh\n([\s\S]*?)\n```/g), ([, name, script]) => [
      name ?? "",
      script ?? "",
    ]),
  );
  const used = new Set<string>();

  async function shell(name: string): Promise<string> {
    used.add(name);
    const script = (snippets.get(name) ?? "exit 1").replaceAll("http://127.0.0.1:8080", emulator.url);
    return (await run("bash", ["-euo", "pipefail", "-c", script])).stdout;
  }

  /** The status of a push with curl, its header Retry-After, or how curl failed. */
  async function push(userKey = "%2B14155550100", client = "youtube"): Promise<string> {
    const url = `${emulator.url}/v1/operators/65001/clients/${client}/users/${userKey}/planStatus`;
    const body = JSON.stringify(statusJson("demand"));
    const args = [
      "-sS",
      url,
      "-H",
      "Content-Type: application/json",
      "-d",
      body,
      "-D",
      "-",
      "-o",
      "/dev/null",
    ];
    return await run("curl", args).then(
      ({ stdout: header }) => {
        const [, status] = /^HTTP\/1\.1 (\d+)/.exec(header) ?? [];
        const [, retryAfter] = /^retry-after: (\d+)/m.exec(header) ?? [];
        return retryAfter === undefined ? `${status}` : `${status} ${retryAfter}`;
      },
      ({ code }) => `curl ${code}`,
    );
  }

  it.each([
    ["overloaded.sh", ["503 2", "200"]],
    ["too-many.sh", ["429 1", "429 1", "429 1", "200"]],
    ["stale.sh", ["409", "409"]],
    // 52: nothing was received.
    ["lost.sh", ["curl 52", "200"]],
    // 18: a part of the answer was received.
    ["half.sh", ["curl 18", "200"]],
    ["tenth.sh", [...Array(9).fill("200"), "503", "200"]],
  ])("%s does what its comment says", async (name, answers) => {
    expect(JSON.parse(await shell(name))).toMatchObject({ name: expect.stringMatching(/^faults\/\d+$/) });
    for (const answer of answers) {
      expect(await push()).toBe(answer);
    }
  });

  it("slow.sh delays the calls for one client", async () => {
    await shell("slow.sh");
    expect(await push()).toBe("200");
    expect(await push("a", "mobiledataplan")).toBe("200");
    expect(emulator.state.faults.list()).toMatchObject([{ matchedCalls: 1n, affectedCalls: 1n }]);
  });

  it("delete.sh lists the faults and deletes one", async () => {
    const { name } = JSON.parse(await shell("half.sh"));
    snippets.set("delete.sh", (snippets.get("delete.sh") ?? "").replace("faults/1", name));
    expect(await shell("delete.sh")).toMatch(/"cut":"WITHIN_ANSWER".*\{\}$/);
    expect(emulator.state.faults.size).toBe(0);
  });

  it("are all run", () => {
    expect([...snippets.keys()].toSorted()).toEqual([...used].toSorted());
  });
});
