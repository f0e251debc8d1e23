import { fromJson } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { readError } from "../../../src/client/index.ts";
import { builtInScenarios } from "../../../src/emulator/scenarios/built-in/index.ts";
import { examples, findExample } from "../../../src/examples/index.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { parent } from "../../support/test-server.ts";

let emulator: TestEmulator;
let control: ReturnType<TestEmulator["control"]>;
let token: string;
beforeAll(async () => {
  emulator = await startTestEmulator();
  control = emulator.control("connect");
  token = await emulator.token();
});
afterAll(() => emulator[Symbol.asyncDispose]());
beforeEach(async () => {
  await control.reset({});
});

async function load(scenarioId: string): Promise<void> {
  await control.loadScenario({ source: { case: "scenarioId", value: scenarioId } });
}

/** Pushes an example over REST. Resolves with `ok`, or with the code, the reason and the retry delay in ms. */
async function push(userKey: string, name = "low-quota"): Promise<unknown> {
  const planStatus = fromJson(PlanStatusSchema, findExample(name)?.body(new Date()) ?? {});
  const client = emulator.client("rest", token);
  try {
    await client.createUserPlanStatus({ parent, clientId: "mobiledataplan", userKey, planStatus });
    return "ok";
  } catch (error) {
    const { status, reason, retryAfterMs } = readError(error as ConnectError);
    return [status, reason, retryAfterMs];
  }
}

const storedKeys = async () => (await control.listRecords({})).records.map(({ userKey }) => userKey);

describe("the built-in scenarios", () => {
  it("have ids that are unique and can be typed, and descriptions of one sentence", () => {
    const ids = builtInScenarios.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[a-z]+(-[a-z]+)*$/.test(id))).toEqual([]);
    expect(builtInScenarios.filter(({ description }) => !/^[A-Z].*\.$/.test(description))).toEqual([]);
  });

  it("subscribers: store every example", async () => {
    await load("subscribers");
    expect((await storedKeys()).sort()).toEqual(
      examples.map((_, index) => `4917000000${String(index + 1).padStart(2, "0")}`),
    );
  });

  it("expiring: users disappear one after the other when the clock is advanced", async () => {
    await load("expiring");
    const left = [(await storedKeys()).length];
    for (const seconds of [10n, 50n, 3_540n]) {
      await control.advanceClock({ duration: { seconds } });
      left.push((await storedKeys()).length);
    }
    expect(left).toEqual([3, 2, 1, 0]);
  });

  it("unregistered: only one user can be notified", async () => {
    await load("unregistered");
    expect(await push("491700000001")).toBe("ok");
    expect(await push("491700000002")).toEqual(["NOT_FOUND", "DEVICE_NOT_REGISTERED", undefined]);
    expect(await push("491700000002", "postpaid")).toBe("ok");
  });

  it("overload: three calls are to be retried after a second, then all is well", async () => {
    await load("overload");
    const overloaded = ["UNAVAILABLE", "SERVER_OVERLOADED", 1_000];
    const outcomes = [await push("a"), await push("a"), await push("a"), await push("a")];
    expect(outcomes).toEqual([overloaded, overloaded, overloaded, "ok"]);
  });

  it("rate-limit: every second call is to be retried after a second", async () => {
    await load("rate-limit");
    const limited = ["RESOURCE_EXHAUSTED", "OPERATOR_RATE_EXCEEDED", 1_000];
    expect([await push("a"), await push("a"), await push("a"), await push("a")]).toEqual([
      "ok",
      limited,
      "ok",
      limited,
    ]);
  });

  it("lost-answers: every second push is stored but not answered", async () => {
    await load("lost-answers");
    expect(await push("a")).toBe("ok");
    expect(await push("b")).not.toBe("ok");
    expect(await push("b")).toBe("ok");
    expect((await storedKeys()).sort()).toEqual(["a", "b"]);
  });

  it("slow: calls take two seconds longer", async () => {
    await load("slow");
    const { faults } = await control.listFaults({});
    expect(faults.map(({ delay }) => delay?.seconds)).toEqual([2n]);
  });
});

describe("a reset over the API", () => {
  it("clears records, faults, devices, calls, notifications and the clock", async () => {
    await load("subscribers");
    await load("unregistered");
    await push("491700000001");
    await load("slow");
    await control.advanceClock({ duration: { seconds: 5n } });
    await control.reset({});
    const [clock, records, faults, registration, calls, notifications] = await Promise.all([
      control.getClock({}),
      control.listRecords({}),
      control.listFaults({}),
      control.getRegistration({}),
      control.listCalls({}),
      control.listNotifications({}),
    ]);
    expect(clock.offset).toMatchObject({ seconds: 0n, nanos: 0 });
    expect([records.records, faults.faults, calls.calls, notifications.notifications]).toEqual([
      [],
      [],
      [],
      [],
    ]);
    expect(registration).toMatchObject({ enforced: false, deviceCount: 0 });
  });
});
