import { timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Code } from "#deps/google/rpc/code_pb.js";
import {
  type Call,
  Call_Protocol as Protocol,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { BalanceLevel, NotificationType } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { planModule, statusOf } from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";
import { parent, protocols } from "../../support/test-server.ts";

let emulator: TestEmulator;
let token: string;
beforeAll(async () => {
  emulator = await startTestEmulator();
  emulator.state.clock.freezeAt(testTime);
  token = await emulator.token();
});
afterAll(async () => {
  expect(emulator.failures).toEqual([]);
  await emulator[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await emulator.control("rest").clearCalls({});
});

async function calls(): Promise<Call[]> {
  return (await emulator.control("rest").listCalls({})).calls;
}

async function onlyCall(): Promise<Call> {
  const all = await calls();
  expect(all.map(({ target, method }) => method || target)).toHaveLength(1);
  return all[0] as Call;
}

const headerOf = (call: Call, name: string) =>
  call.headers.filter((each) => each.name === name).map(({ value }) => value);

const numbers = {
  rest: Protocol.REST,
  connect: Protocol.CONNECT,
  grpc: Protocol.GRPC,
  "grpc-web": Protocol.GRPC_WEB,
};

describe.each(protocols)("a push over %s", (protocol) => {
  it("is recorded with its request, its outcome and its notifications", async () => {
    const module = planModule({ coarseBalanceLevel: BalanceLevel.LOW_QUOTA });
    await emulator.client(protocol, token).createUserPlanStatus({
      parent,
      clientId: "youtube",
      userKey: "+14155550100",
      planStatus: statusOf(module),
    });
    const call = await onlyCall();
    expect(call).toMatchObject({
      protocol: numbers[protocol],
      method: "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus",
      operator: parent,
      clientId: "youtube",
      userKey: "+14155550100",
      httpStatus: 200,
      code: Code.OK,
      reason: "",
      errorMessage: "",
      violations: [],
      notifications: [NotificationType.NOTIFICATION_LOW_BALANCE_WARNING],
      fault: "",
    });
    expect(call.body.case).toBe(protocol === "rest" ? "bodyText" : "bodyBytes");
    expect(call.body.value).toHaveLength(Number(call.bodySize));
    expect(call.receiveTime && timestampMs(call.receiveTime)).toBe(testTime);
    expect(headerOf(call, "authorization")).toEqual(["Bearer"]);
    expect(JSON.stringify(await emulator.rest("GET", "calls"))).not.toContain(token);
    expect(JSON.parse(call.requestJson)).toMatchObject({
      parent,
      clientId: "youtube",
      userKey: "+14155550100",
      planStatus: { languageCode: "en-US", plans: [{ planId: "acme-199" }] },
    });
  });
});
