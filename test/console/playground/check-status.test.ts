import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NotificationTypeSchema } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { checkStatus, type PushTarget } from "../../../src/console/playground/check-status.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { readVectors } from "../../vectors/read-vectors.ts";
import { type PushAnswer, pushOfVector, pushStatus } from "./pushed-status.ts";

const { cases, serverTime } = readVectors();
const nowMs = Date.parse(serverTime);
const clockSkewMs = 60_000;

let emulator: TestEmulator;
let token: string;
beforeAll(async () => {
  emulator = await startTestEmulator({ clockSkewMs });
  emulator.state.clock.freezeAt(nowMs);
  token = await emulator.token();
});
afterAll(async () => {
  expect(emulator.failures).toEqual([]);
  await emulator[Symbol.asyncDispose]();
});

function checked(text: string, target: Omit<PushTarget, "nowMs" | "clockSkewMs">): PushAnswer {
  const { violations, notifications } = checkStatus(text, { ...target, nowMs, clockSkewMs });
  return {
    violations,
    notifications: notifications.map((type) => NotificationTypeSchema.value[type]?.name ?? ""),
  };
}

describe("checkStatus", () => {
  const pushes = cases.flatMap((each) => {
    const push = pushOfVector(each);
    return push === undefined ? [] : [{ name: each.name, ...push }];
  });

  it("has vectors to be compared with", () => {
    expect(pushes.length).toBeGreaterThan(60);
  });

  it.each(pushes)(
    "checkStatus finds what the emulator answers over REST to the vector: $name",
    async ({ text, target }) => {
      expect(checked(text, target)).toEqual(await pushStatus(emulator, token, text, target));
    },
  );
});
