import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtInScenarios } from "../../../src/emulator/scenarios/built-in/index.ts";
import { ScenarioError } from "../../../src/emulator/scenarios/scenario.ts";
import type { EmulatorStart } from "../../../src/emulator/scenarios/scenario-loader.ts";
import { parseSource, type Source } from "../../../src/emulator/scenarios/source-text.ts";
import { startEmulator } from "../../../src/emulator/start-emulator.ts";
import { makeDirectory, removeDirectory } from "../../support/data-directory.ts";

let directory: string;
beforeAll(async () => {
  directory = await makeDirectory();
});
afterAll(() => removeDirectory(directory));

/** Starts an emulator in memory, with calls of its methods over REST. */
async function emulatorWith(start: EmulatorStart = {}) {
  const running = await startEmulator({
    host: "127.0.0.1",
    port: 0,
    dataDirectory: directory,
    store: "memory:",
    start,
    limits: { maxEventLoopDelayMs: 0, maxRequestBytes: 8 * 1024 * 1024 },
  });
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${running.url}/emulator/v1${path}`, {
      method,
      ...(body !== undefined && {
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
    return { status: response.status, body: await response.json() };
  };
  return {
    running,
    load: (body: unknown) => call("POST", "/scenarios:load", body),
    list: (query = "") => call("GET", `/scenarios${query}`),
    reset: () => call("POST", ":reset", {}),
    clock: async () => (await call("GET", "/clock")).body,
    [Symbol.asyncDispose]: () => running.close(),
  };
}

/** Returns the violations of an answer, such as `records[0]: line 1, column 2: must be an object`. */
function violationsOf({ status, body }: { status: number; body: unknown }): string[] {
  expect(status).toBe(400);
  const { details } = (body as { error: { details: { fieldViolations?: unknown[] }[] } }).error;
  const violations = details.flatMap(({ fieldViolations = [] }) => fieldViolations);
  return (violations as { field: string; description: string }[]).map(
    ({ field, description }) => `${field}: ${description}`,
  );
}

function sourceOf(text: string): { name: string; source: Source } {
  return { name: "test.yaml", source: parseSource(text) as Source };
}

describe("LoadScenario", () => {
  it.each(builtInScenarios.map(({ id }) => id))(
    "loads the built-in scenario %s, again years later",
    async (scenarioId) => {
      await using emulator = await emulatorWith();
      const first = await emulator.load({ scenarioId });
      expect(first).toEqual({ status: 200, body: expect.anything() });
      emulator.running.state.clock.shiftTo(Date.UTC(2040, 1, 29));
      expect(await emulator.load({ scenarioId })).toEqual(first);
    },
  );

  it("loads the text of a file and answers the number of records", async () => {
    await using emulator = await emulatorWith();
    const text =
      "clock: {mode: FROZEN, time: 2030-01-01T00:00:00Z}\nrecords: [{userKey: a, example: minimal}]";
    expect(await emulator.load({ text })).toEqual({ status: 200, body: { recordCount: 1 } });
    expect(await emulator.clock()).toMatchObject({ mode: "FROZEN", time: "2030-01-01T00:00:00Z" });
  });

  it("answers all errors of a text with lines and paths, and changes nothing", async () => {
    await using emulator = await emulatorWith();
    const text = "clock: {mode: FROZEN}\nrecords:\n- userKey: a\n  planStatus: {}\n- 7\n";
    expect(violationsOf(await emulator.load({ text }))).toEqual([
      "records[0].planStatus.languageCode: line 4, column 3: value is required",
      "records[0].planStatus.expireTime: line 4, column 3: value is required",
      "records[0].planStatus.updateTime: line 4, column 3: value is required",
      "records[1]: line 5, column 3: must be an object",
    ]);
    expect(await emulator.clock()).toMatchObject({ mode: "REAL" });
  });

  it.each([
    [
      { scenarioId: "subscribesr" },
      /^scenarioId: must be one of empty, subscribers, .*; did you mean subscribers\?$/,
    ],
    [{ scenarioId: "constructor" }, /^scenarioId: must be one of empty, /],
    [{}, /^source: value is required: set scenarioId or text$/],
    [{ text: "a: [" }, /^text: line 1, column \d+: /],
    [{ text: "" }, /^text: line 1, column 1: must be an object/],
    [
      { text: `#${"x".repeat(4 * 1024 * 1024)}` },
      /^text: line 1, column 1: must have at most 4194304 bytes of UTF-8$/,
    ],
    [
      { text: `#${"ü".repeat(2 * 1024 * 1024)}` },
      /^text: line 1, column 1: must have at most 4194304 bytes of UTF-8$/,
    ],
  ])("answers INVALID_ARGUMENT to an unusable source (%#)", async (body, violation) => {
    await using emulator = await emulatorWith();
    expect(violationsOf(await emulator.load(body))).toEqual([expect.stringMatching(violation)]);
  });
});

describe("ListScenarios", () => {
  const all = builtInScenarios.map(({ id, description }) => ({ scenarioId: id, description }));

  it("answers every built-in scenario, page by page", async () => {
    await using emulator = await emulatorWith();
    expect((await emulator.list()).body).toEqual({ scenarios: all });
    const found: unknown[] = [];
    let token: string | undefined = "";
    for (let pages = 0; token !== undefined && pages < 9; pages++) {
      const { body } = await emulator.list(`?pageSize=3&pageToken=${token}`);
      const page = body as { scenarios: unknown[]; nextPageToken?: string };
      expect(page.scenarios.length).toBeLessThanOrEqual(3);
      found.push(...page.scenarios);
      token = page.nextPageToken;
    }
    expect(found).toEqual(all);
  });

  it.each(["?pageToken=x", "?pageToken=0", "?pageToken=99999", "?pageSize=-1"])(
    "rejects %s",
    async (query) => {
      await using emulator = await emulatorWith();
      expect(violationsOf(await emulator.list(query))).toHaveLength(1);
    },
  );
});

describe("Reset", () => {
  it("sets a real clock if the emulator was started without a scenario", async () => {
    await using emulator = await emulatorWith();
    await emulator.load({ scenarioId: "expiring" });
    expect(await emulator.reset()).toEqual({ status: 200, body: {} });
    expect(await emulator.clock()).toMatchObject({ mode: "REAL" });
  });

  it("returns to the scenario that the emulator was started with", async () => {
    const scenario = sourceOf("clock: {mode: FROZEN, time: 2030-01-01T00:00:00Z}");
    await using emulator = await emulatorWith({ scenario });
    emulator.running.state.clock.setReal();
    await emulator.reset();
    expect(await emulator.clock()).toMatchObject({ mode: "FROZEN", time: "2030-01-01T00:00:00Z" });
  });
});

describe("the start of an emulator", () => {
  it("fails with the errors of its scenario, before the port is open", async () => {
    const started = emulatorWith({ scenario: sourceOf("records: [{userKey: a}]") });
    await expect(started).rejects.toThrow(ScenarioError);
    await expect(started).rejects.toThrow("test.yaml:1:11: records[0].planStatus: value is required");
  });
});
