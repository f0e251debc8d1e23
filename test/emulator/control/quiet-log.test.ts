import { expect, it } from "vitest";
import { startTestEmulator } from "../../support/emulator/test-emulator.ts";
import { createLogLines } from "../../support/log-lines.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";
import { parent } from "../../support/test-server.ts";

it("what the console reads every few seconds is not logged at level info, but pushes and refused calls are", async () => {
  const log = createLogLines();
  await using emulator = await startTestEmulator({ log: { level: "info", destination: log } });
  emulator.state.clock.freezeAt(testTime);
  const token = await emulator.token();
  await fetch(emulator.url);
  await emulator.control("connect").getClock({});
  await emulator.control("rest").listFaults({});
  expect((await emulator.rest("GET", "calls/0")).status).toBe(400);
  await emulator.client("grpc", token).createPlanStatus({ parent, userKey: "a", planStatus: planStatus() });
  await emulator.close();
  expect(log.requests().map(({ method, code }) => [method, code])).toEqual([
    ["mobiledataplansharing.emulator.v1.EmulatorService/GetCall", "INVALID_ARGUMENT"],
    ["mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus", "OK"],
  ]);
});
