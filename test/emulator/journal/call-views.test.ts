import { toBinary } from "@bufbuild/protobuf";
import { Code as ConnectCode, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Call, CallView } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import {
  type ListCallsResponse,
  ListCallsResponseSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import type { RecordedCall } from "../../../src/emulator/journal/recorded-call.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";
import { parent, protocols } from "../../support/test-server.ts";

async function startFrozen(options = {}): Promise<{ emulator: TestEmulator; token: string }> {
  const emulator = await startTestEmulator(options);
  emulator.state.clock.freezeAt(testTime);
  return { emulator, token: await emulator.token() };
}

describe.each(protocols)("the recorded calls over %s", (protocol) => {
  let emulator: TestEmulator;
  beforeAll(async () => {
    const started = await startFrozen({ journal: { maxCalls: 3 } });
    emulator = started.emulator;
    const client = emulator.client(protocol, started.token);
    const stored = { parent, userKey: "+14155550100", planStatus: planStatus() };
    await client.createPlanStatus(stored);
    await client.createPlanStatus(stored);
    await client.createPlanStatus(stored);
    await client.createPlanStatus({ parent, userKey: "b", planStatus: {} }).catch(() => undefined);
  });
  afterAll(async () => {
    expect(emulator.failures).toEqual([]);
    await emulator[Symbol.asyncDispose]();
  });
  const control = () => emulator.control(protocol);
  const inFull = async () => (await control().listCalls({})).calls;

  it("are returned in full by their names", async () => {
    const listed = await inFull();
    expect(listed.map(({ name }) => name)).toEqual(["calls/4", "calls/3", "calls/2"]);
    for (const call of listed) {
      expect(await control().getCall({ name: call.name })).toEqual(call);
      expect(call.requestJson).not.toBe("");
    }
    expect(listed[0]?.violations.length).toBeGreaterThan(1);
  });

  it.each<[string, string, RegExp]>([
    ["no call has yet", "calls/5", /ended yet: the newest call that has is calls\/4;/],
    ["a dropped call had", "calls/1", /dropped because the journal was full: .* calls\/2$/],
    ["is longer than numbers of calls are", "calls/999999999999999", /no call with this number/],
  ])("are not found by a name that %s", async (_, name, message) => {
    const error = await apiErrorOf(control().getCall({ name }));
    expect(error).toMatchObject({ code: "NotFound", reason: "EMULATOR_RESOURCE_NOT_FOUND" });
    expect(error.message).toMatch(message);
  });

  it.each([
    "",
    "calls/",
    "calls/x",
    "calls/0",
    "calls/-1",
    "calls/02",
    "calls/1.5",
    "calls/1e1",
    "faults/1",
    "4",
  ])("have no name %j", async (name) => {
    const error = await control()
      .getCall({ name })
      .catch((cause: unknown) => ConnectError.from(cause));
    expect(error).toMatchObject({ code: ConnectCode.InvalidArgument });
  });

  it("are listed in the basic view without what may be large", async () => {
    const { calls } = await control().listCalls({ view: CallView.BASIC });
    expect(calls).toEqual((await inFull()).map(basic));
    expect(calls[0]).toMatchObject({ reason: "FIELD_INVALID", headers: [], violations: [], requestJson: "" });
    expect(calls[0]?.errorMessage).toMatch(/^(planStatus\.)?\w+: .* \(and \d+ more\)$/);
  });

  it("are watched in the basic view", async () => {
    const hangUp = new AbortController();
    const watch = control().watchCalls(
      { afterCall: "calls/2", view: CallView.BASIC },
      { signal: hangUp.signal, timeoutMs: 0 },
    );
    const answers = watch[Symbol.asyncIterator]();
    const watched = [(await answers.next()).value?.call, (await answers.next()).value?.call];
    hangUp.abort();
    expect(watched).toEqual((await inFull()).slice(0, 2).map(basic).toReversed());
  });

  it("are the same in the full view as without one", async () => {
    expect((await control().listCalls({ view: CallView.FULL })).calls).toEqual(await inFull());
  });

  it("are in no other view", async () => {
    const view = 3 as CallView;
    expect((await apiErrorOf(control().listCalls({ view }))).fields).toEqual(["view"]);
    const answers = control().watchCalls({ view })[Symbol.asyncIterator]();
    expect((await apiErrorOf(answers.next())).fields).toEqual(["view"]);
  });
});

/** Returns a call without what CALL_VIEW_BASIC leaves out. */
function basic(call: Call): Call {
  return { ...call, headers: [], body: { case: undefined }, requestJson: "", violations: [] };
}

describe("the basic view", () => {
  it("has a name in JSON, and pages of it belong together", async () => {
    const { emulator, token } = await startFrozen();
    await using _ = emulator;
    for (const userKey of ["u1", "u2"]) {
      await emulator.client("rest", token).createPlanStatus({ parent, userKey, planStatus: planStatus() });
    }
    const { body } = await emulator.rest("GET", "calls?view=CALL_VIEW_BASIC&pageSize=1");
    const { calls, nextPageToken } = body as { calls: object[]; nextPageToken: string };
    expect(calls).toMatchObject([{ name: "calls/2", userKey: "u2" }]);
    expect(calls[0]).not.toHaveProperty("requestJson");
    const next = await emulator.rest(
      "GET",
      `calls?view=CALL_VIEW_BASIC&pageSize=1&pageToken=${nextPageToken}`,
    );
    expect(next.body).toMatchObject({ calls: [{ name: "calls/1" }] });
    expect((await emulator.rest("GET", "calls?view=BASIC")).body).toMatchObject({
      error: { status: "INVALID_ARGUMENT" },
    });
  });

  /** Starts an emulator that holds one call with a body of 100 KB. */
  async function startWithLargeCall() {
    const { emulator, token } = await startFrozen();
    const plans = Array.from({ length: 120 }, (_, at) => ({ planId: `p${at}`, planName: "x".repeat(900) }));
    const push = { parent, userKey: "u", planStatus: planStatus({ plans }) };
    await emulator.client("grpc", token).createPlanStatus(push);
    const { journal } = emulator.state;
    return { emulator, journal, call: journal.calls.at(1) as RecordedCall };
  }

  it("has large calls in one page that need many in full, and does not read their bodies", async () => {
    const { emulator, journal, call } = await startWithLargeCall();
    await using _ = emulator;
    let reads = 0;
    for (let count = 1; count < 1_000; count++) {
      const copy = {
        ...call,
        get content() {
          reads += 1;
          return call.content;
        },
      };
      journal.add(copy, []);
    }
    const control = emulator.control("grpc");
    reads = 0;
    const { calls, nextPageToken } = await control.listCalls({ pageSize: 1_000, view: CallView.BASIC });
    expect(calls).toHaveLength(1_000);
    expect(nextPageToken).toBe("");
    expect(reads).toBe(0);
    expect((await control.listCalls({ pageSize: 1_000 })).calls.length).toBeLessThan(20);
    expect(reads).toBeGreaterThan(0);
  });

  it("has pages that clients of gRPC read by default, however long the user keys", async () => {
    const { emulator, journal, call } = await startWithLargeCall();
    await using _ = emulator;
    for (let count = 1; count < 1_000; count++) {
      journal.add({ ...call, userKey: "\u4e2d".repeat(4_096) }, []);
    }
    const control = emulator.control("connect");
    const pages: ListCallsResponse[] = [];
    do {
      const pageToken = pages.at(-1)?.nextPageToken ?? "";
      pages.push(await control.listCalls({ pageSize: 1_000, view: CallView.BASIC, pageToken }));
    } while (pages.at(-1)?.nextPageToken !== "");
    expect(pages.flatMap(({ calls }) => calls)).toHaveLength(1_000);
    const sizes = pages.map((page) => toBinary(ListCallsResponseSchema, page).length);
    expect(Math.max(...sizes)).toBeLessThan(4 * 1024 * 1024);
  });
});

describe("a call that was cleared", () => {
  it("is not found any more, and its error says so", async () => {
    const { emulator, token } = await startFrozen();
    await using _ = emulator;
    const control = emulator.control("grpc");
    const none = await apiErrorOf(control.getCall({ name: "calls/1" }));
    expect(none.message).toContain("ended yet: no call has;");
    await emulator.client("rest", token).createPlanStatus({ parent, userKey: "u", planStatus: planStatus() });
    expect((await control.getCall({ name: "calls/1" })).userKey).toBe("u");
    await control.clearCalls({});
    const error = await apiErrorOf(control.getCall({ name: "calls/1" }));
    expect(error).toMatchObject({ code: "NotFound", reason: "EMULATOR_RESOURCE_NOT_FOUND" });
    expect(error.message).toContain("removed by ClearCalls or Reset");
  });
});
