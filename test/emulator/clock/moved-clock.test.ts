import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { latestMs } from "../../../src/emulator/clock/emulator-clock.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { makeAccount, requestToken, signAssertion } from "../../support/auth/service-accounts.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { day, hour, minute, second } from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";
import { freshKey, parent, protocols } from "../../support/test-server.ts";

const tenYears = 3_650 * day;

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(async () => {
  expect(emulator.failures).toEqual([]);
  await emulator[Symbol.asyncDispose]();
});
beforeEach(() => setTime(testTime));

const setTime = (ms: number) =>
  emulator.control("connect").updateClock({ clock: { mode: 3, time: timestampFromMs(ms) } });
const statusAt = (updateMs: number, expireMs = updateMs + hour) => ({
  languageCode: "en-US",
  updateTime: timestampFromMs(updateMs),
  expireTime: timestampFromMs(Math.min(expireMs, latestMs)),
});

/** Creates a client whose token is valid for 90 minutes of the emulated time. */
async function client() {
  const lifetime = { seconds: 5_400n };
  const { accessToken } = await emulator.control("connect").createToken({ operators: [parent], lifetime });
  return emulator.client("connect", accessToken);
}

describe("After the clock was moved", () => {
  it.each(protocols)("a token expires at its time and is valid again before, over %s", async (protocol) => {
    const { accessToken, expireTime } = await emulator.control(protocol).createToken({ operators: [parent] });
    expect(expireTime).toEqual(timestampFromMs(testTime + hour));
    const push = () =>
      emulator
        .client(protocol, accessToken)
        .createPlanStatus({ parent, userKey: freshKey(), planStatus: statusAt(emulator.state.clock.now()) });
    await push();
    await setTime(testTime + hour - 1);
    await push();
    for (const expired of [testTime + hour, testTime + tenYears, latestMs]) {
      await setTime(expired);
      expect(await apiErrorOf(push())).toMatchObject({ reason: "CREDENTIALS_INVALID" });
    }
    await setTime(testTime);
    await push();
  });

  it("an assertion is exchanged once, however often the clock is moved, and its token expires by the clock", async () => {
    const { clock } = emulator.state;
    const account = await makeAccount(emulator);
    const assertion = await signAssertion({ clock }, account, { jti: "1" });
    const granted = await requestToken(emulator, assertion);
    expect(granted.status).toBe(200);
    const push = () =>
      emulator
        .client("rest", String(granted.body.access_token))
        .createPlanGroup({ parent, planGroupId: freshKey() });
    await push();
    for (const ms of [testTime + tenYears, 0, latestMs - hour]) {
      await setTime(ms);
      expect((await requestToken(emulator, assertion)).status).toBe(400);
      // Another assertion is accepted at any time.
      const other = await signAssertion({ clock }, account, { jti: `at ${ms}` });
      expect((await requestToken(emulator, other)).status).toBe(200);
      if (ms > testTime) {
        expect(await apiErrorOf(push())).toMatchObject({ reason: "CREDENTIALS_INVALID" });
      }
    }
    await setTime(testTime);
    const replayed = await requestToken(emulator, assertion);
    expect(replayed.body).toMatchObject({
      error: "invalid_grant",
      error_description: expect.stringContaining("jti was already used"),
    });
    await push();
  });

  it.each([
    ["1970", 0],
    ["ten years ago", testTime - tenYears],
    ["in ten years", testTime + tenYears],
    ["the end of 9999", latestMs - 2 * hour],
  ])("statuses are stored, read, superseded and expire at %s", async (_, now) => {
    await setTime(now);
    const calls = await client();
    const userKey = freshKey();
    const name = `${parent}/planStatuses/${userKey}`;
    await calls.createPlanStatus({ parent, userKey, planStatus: statusAt(now) });
    expect((await calls.getPlanStatus({ name })).updateTime).toEqual(timestampFromMs(now));
    const older = now === 0 ? statusAt(-1, hour) : statusAt(now - 1);
    expect(await apiErrorOf(calls.createPlanStatus({ parent, userKey, planStatus: older }))).toMatchObject({
      reason: "PLAN_STATUS_STALE",
    });
    await setTime(now + hour);
    expect(await apiErrorOf(calls.getPlanStatus({ name }))).toMatchObject({
      reason: "PLAN_STATUS_NOT_FOUND",
    });
    await setTime(now);
    expect((await calls.getPlanStatus({ name })).updateTime).toEqual(timestampFromMs(now));
  });

  it("a status may be 60 s ahead of the emulated time, and 30 days behind it", async () => {
    const calls = await client();
    const push = (ms: number) =>
      calls.createPlanStatus({
        parent,
        userKey: freshKey(),
        planStatus: statusAt(ms, emulator.state.clock.now() + hour),
      });
    for (const now of [testTime, testTime - tenYears]) {
      await setTime(now);
      await push(now + minute);
      await push(now - 30 * day);
      for (const ms of [now + minute + 1, now - 30 * day - 1]) {
        expect((await apiErrorOf(push(ms))).fields).toEqual(["planStatus.updateTime"]);
      }
    }
  });

  it("a status of the future does not keep one of the present from being stored once it was deleted", async () => {
    await setTime(testTime + tenYears);
    const userKey = freshKey();
    const calls = await client();
    await calls.createPlanStatus({ parent, userKey, planStatus: statusAt(testTime + tenYears) });
    await setTime(testTime);
    const stale = calls.createPlanStatus({ parent, userKey, planStatus: statusAt(testTime) });
    expect(await apiErrorOf(stale)).toMatchObject({ reason: "PLAN_STATUS_STALE" });
    const control = emulator.control("grpc");
    const { records } = await control.listRecords({ userKey });
    await control.deleteRecord({ name: records[0]?.name ?? "" });
    await calls.createPlanStatus({ parent, userKey, planStatus: statusAt(testTime) });
  });

  it.each([0, testTime + tenYears, latestMs - second, latestMs])(
    "the OpenAPI and Discovery documents have valid times at %i",
    async (ms) => {
      await setTime(ms);
      for (const path of ["openapi.json", "$discovery/rest"]) {
        const response = await fetch(`${emulator.url}/${path}`);
        expect(response.status).toBe(200);
        const text = await response.text();
        expect(text).not.toMatch(/[+-]\d{6}-\d\d-\d\dT/);
      }
    },
  );
});
