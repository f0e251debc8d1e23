import { spawnSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Call, CallView } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { callOfDraft } from "../../../src/console/playground/push/call-of-draft.ts";
import { callOfJournal } from "../../../src/console/snippets/call-of-journal.ts";
import type { RepeatableCall } from "../../../src/console/snippets/repeatable-call.ts";
import { snippetWriters } from "../../../src/console/snippets/write-snippets.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { plan, planModule, planStatus, statusOf } from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";
import { parent, protocols } from "../../support/test-server.ts";
import { runTool } from "../../tools/running-server.ts";

type Language = (typeof snippetWriters)[number]["id"];

const hasPython = spawnSync("python3", ["--version"]).status === 0;

let emulator: TestEmulator;
let token = "";
beforeAll(async () => {
  emulator = await startTestEmulator();
  // The same push is accepted again, and answers have the same times.
  emulator.state.clock.freezeAt(testTime);
  token = await emulator.token();
});
afterAll(() => emulator[Symbol.asyncDispose]());

/** Runs a snippet as it would be pasted, and returns what it printed. */
async function run(language: Language, text: string): Promise<string> {
  const commands: Readonly<Record<Language, [string, string[]]>> = {
    curl: ["sh", []],
    grpcurl: ["sh", []],
    // The name of the package leads to the sources, because the test runs within it.
    typescript: [process.execPath, ["--no-warnings", "--input-type=module-typescript", "-"]],
    python: ["python3", ["-"]],
  };
  const [program, args] = commands[language];
  const { stdout, stderr } = await runTool(program, args, text);
  return stdout + stderr;
}

/** Returns the newest call of the journal. */
async function newest(): Promise<Call> {
  const { calls } = await emulator.control("connect").listCalls({ pageSize: 1, view: CallView.FULL });
  return calls[0] as Call;
}

/** What of a call must be the same when it is sent again. */
function outcome(call: Call) {
  const { method, code, reason, violations, notifications, requestJson } = call;
  return { method, code, reason, violations, notifications, requestJson };
}

/** Returns a snippet; fails if there is none. */
function textOf(language: Language, call: RepeatableCall): string {
  const snippet = snippetWriters.find(({ id }) => id === language)?.write(call);
  expect(snippet).toHaveProperty("text");
  return (snippet as { text: string }).text;
}

/**
 * Sends the newest call again with each language, and expects the same outcome each time. Over REST and Connect, curl must print
 * the same answer.
 */
async function expectRepeats(languages: readonly Language[], answer?: string): Promise<Call> {
  const original = await newest();
  for (const language of languages) {
    if (language === "python" && !hasPython) {
      continue;
    }
    const text = textOf(language, callOfJournal(original, emulator.url));
    const printed = await run(language, text);
    const again = await newest();
    expect(again.name, `${text}\n${printed}`).not.toBe(original.name);
    expect(outcome(again), `${text}\n${printed}`).toEqual(outcome(original));
    if (language === "curl" && answer !== undefined) {
      expect(printed).toBe(answer);
    }
  }
  return original;
}

/** Sends a request below the origin of the emulator. */
function send(target: string, init: RequestInit & { headers?: Record<string, string> } = {}) {
  return fetch(emulator.url + target, {
    method: "POST",
    ...init,
    headers: { "content-type": "application/json", authorization: `Bearer ${token}`, ...init.headers },
  }).then((answer) => answer.text());
}

const nasty = statusOf(
  planModule({ moduleName: 'It\'s $HOME `id` \\ "q" \n--x', description: "Größe داده 😀 -- %s {a,b} !!" }),
);

describe(`snippets of calls${hasPython ? "" : " (without Python: python3 is missing)"}`, () => {
  it.each(protocols)("send a push over %s again, whatever characters it has", async (protocol) => {
    const client = emulator.client(protocol, token);
    const userKey = "a/b+c==%25'$x";
    await client.createUserPlanStatus({ parent, clientId: "youtube", userKey, planStatus: nasty });
    const call = await expectRepeats(["curl", "typescript", "python"]);
    expect(call.code).toBe(0);
  });

  it.each(["rest", "grpc"] as const)("send every other method again over %s", async (protocol) => {
    const client = emulator.client(protocol, token);
    await client.createPlanStatus({ parent, userKey: "a/b%2F+?&=", planStatus: nasty });
    await expectRepeats(["curl"]);
    await client.createPlanGroup({ parent, planGroupId: "g/1%", planGroup: { dataPlans: nasty.plans } });
    await expectRepeats(["curl"]);
    await client.getPlanStatus({
      name: "operators/65001/planStatuses/a%2Fb%252F+?&=",
      includeUiIncompatible: true,
    });
    await expectRepeats(["curl"]);
    await client.getPlanGroup({ name: "operators/65001/planGroups/g%2F1%25" });
    const read = await expectRepeats(["curl", "python", "typescript"]);
    expect(read.code).toBe(0);
    await client.getUserPlanStatus({ parent, clientId: "youtube", userKey: "nobody" }).catch(() => {});
    const missing = await expectRepeats(["curl"]);
    expect(missing.reason).toBe("PLAN_STATUS_NOT_FOUND");
  });

  it.each([
    ["no JSON", "'\u0003rm -rf x\n\u001b[201~\rEND\r"],
    ["JSON with Delete in it", '{"title": "\u007f\u007f\u009b"}'],
  ])("can be pasted into a terminal, which would take keys in the text for its own: %s", async (_, body) => {
    const path = "/v1/operators/65001/clients/youtube/users/x%7F/planStatus";
    const answer = await send(path, { body });
    const call = await expectRepeats(["curl"], answer);
    for (const { write } of snippetWriters.filter(({ id }) => id === "curl" || id === "grpcurl")) {
      const snippet = write(callOfJournal(call, emulator.url));
      expect("text" in snippet ? snippet.text : "").not.toMatch(/[^\n -~]/);
    }
  });

  it("send a push with violations again, with the paths that its sender wrote", async () => {
    const path = "/v1/operators/65001/clients/youtube/users/x/planStatus";
    const answer = await send(path, { body: '{"plans": [{"plan_id": ""}], "language_code": "de"}' });
    expect(answer).toContain('"plans[0].planId"');
    const rest = await expectRepeats(["curl", "python"], answer);
    expect(rest.violations.length).toBeGreaterThan(2);
    await emulator
      .client("grpc-web", token)
      .createUserPlanStatus({
        parent,
        clientId: "x",
        userKey: "",
        planStatus: planStatus({ languageCode: "" }),
      })
      .catch(() => {});
    const rpc = await expectRepeats(["curl", "typescript", "python"]);
    expect(rpc.violations.length).toBeGreaterThan(2);
  });

  it("send what could not be read again", async () => {
    const path = "/v1/operators/65001/planStatuses?userKey=x";
    for (const body of ['{"plans": [', "@/etc/passwd", '{"a": 1, "a": 2}', "-x 'y'\n", "[]"]) {
      const answer = await send(path, { body });
      const call = await expectRepeats(["curl", "python"], answer);
      expect(call.httpStatus).toBe(400);
    }
    await send(path, { body: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" } });
    await expectRepeats(["curl", "python"]);
    await send("/mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus", { body: '{"parent": 5}' });
    await expectRepeats(["curl", "python"]);
    await send(path, {
      body: new Uint8Array(gzipSync('{"unknown": 1}')),
      headers: { "content-encoding": "gzip" },
    });
    await expectRepeats(["curl", "python"]);
  });

  it("send requests that matched no method again, with curl only", async () => {
    for (const [target, method] of [
      ["/v1/operators/65001/planStatuses/%2e%2e/x", "GET"],
      ["/v1/operators/65001/nothing/[1-3]{a,b}", "GET"],
      ["/v1/operators/65001/planStatuses?access_token=secret", "PUT"],
    ] as const) {
      const answer = await send(target, { method, ...(method === "PUT" && { body: "{}" }) });
      const call = await expectRepeats(["curl"], answer);
      const repeatable = callOfJournal(call, emulator.url);
      const others = snippetWriters.slice(1).map(({ write }) => write(repeatable));
      expect(call.method === "" ? others : [{}, {}, {}]).not.toContainEqual(
        expect.objectContaining({ text: expect.anything() }),
      );
    }
  });

  it("fail as the call did without a valid token, scope or operator", async () => {
    const path = "/v1/operators/65001/clients/youtube/users/a%2Fb/planStatus";
    const body = JSON.stringify({ languageCode: "en" });
    const { accessToken: reading } = await emulator
      .control("connect")
      .createToken({ operators: [parent], scopes: ["read"] });
    const { accessToken: foreign } = await emulator
      .control("connect")
      .createToken({ operators: ["operators/1"] });
    await fetch(emulator.url + path, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
    expect((await expectRepeats(["curl", "python"])).reason).toBe("CREDENTIALS_MISSING");
    for (const [authorization, reason] of [
      ["Bearer x", "CREDENTIALS_INVALID"],
      [`Bearer ${reading}`, "SCOPE_INSUFFICIENT"],
      [`Bearer ${foreign}`, "OPERATOR_NOT_LINKED"],
    ] as const) {
      await send(path, { body, headers: { authorization } });
      const also = reason === "OPERATOR_NOT_LINKED" ? (["typescript"] as const) : [];
      expect((await expectRepeats(["curl", "python", ...also])).reason).toBe(reason);
    }
  });

  it("send a message of 300 kB again", async () => {
    const description = "Größe $x 'y' ".repeat(10);
    const planModules = Array.from({ length: 125 }, (_, at) =>
      planModule({ moduleName: `M${at}`, description }),
    );
    const plans = Array.from({ length: 12 }, (_, at) => plan({ planId: `p${at}`, planModules }));
    for (const protocol of ["rest", "grpc"] as const) {
      await emulator.client(protocol, token).createUserPlanStatus({
        parent,
        clientId: "youtube",
        userKey: "large",
        planStatus: planStatus({ plans }),
      });
      const call = await expectRepeats(protocol === "grpc" ? ["curl", "typescript"] : ["curl", "python"]);
      expect(call.requestJson.length).toBeGreaterThan(300_000);
    }
  });

  it("say why there is none for a request for a token, and for a body that was not kept", async () => {
    await send("/token", {
      body: "grant_type=x",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    const forToken = callOfJournal(await newest(), emulator.url);
    await send("/v1/operators/65001/planStatuses?userKey=x", { body: `{"x": "${"a".repeat(100_000)}"}` });
    const cut = callOfJournal(await newest(), emulator.url);
    for (const { write } of snippetWriters) {
      expect(write(forToken)).toEqual({ reason: expect.stringContaining("credential") });
      expect(write(cut)).toEqual({ reason: expect.stringContaining("64 KiB") });
    }
  });
});

describe("snippets of drafts", () => {
  const draft = {
    operator: "65001",
    clientId: "youtube",
    userKey: "draft/1",
    text: '{"languageCode": "en"}',
  };

  it.each(["CreateUserPlanStatus", "CreatePlanStatus", "CreatePlanGroup"] as const)(
    "send %s of the playground",
    async (method) => {
      for (const text of [draft.text, '{"languageCode": ', '{"a": 12345678901234567890, "a": 1}']) {
        const call = callOfDraft({ ...draft, method, text }, "rest", emulator.url);
        await run("curl", textOf("curl", call));
        const { method: called, userKey, httpStatus } = await newest();
        expect(called.split("/")[1]).toBe(method);
        // It is in the body of a plan group.
        expect(["draft/1", ""]).toContain(userKey);
        expect([200, 400]).toContain(httpStatus);
      }
    },
  );
});
