import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { findExample } from "../../src/examples/index.ts";
import { startTestEmulator, type TestEmulator } from "../support/emulator/test-emulator.ts";
import { parent, protocols } from "../support/test-server.ts";

/** An emulator after a day of work: pushes over every protocol, accepted and refused, and something of all that can be set. */
export type BusyEmulator = TestEmulator & {
  /** Name of the latest call that was refused for its fields, `calls/{call}`. */
  readonly refused: string;
  /** Key of a user with a prepaid plan of three modules, of client `mobiledataplan`. */
  readonly userKey: string;
};

const now = new Date("2026-12-01T09:00:00Z");
const clientId = "mobiledataplan";

/** Starts it, with a clock that stands still at 2026-12-01T09:00:00Z. */
export async function startBusyEmulator(): Promise<BusyEmulator> {
  const emulator = await startTestEmulator();
  emulator.state.clock.freezeAt(now.getTime());
  const control = emulator.control("grpc");
  await control.loadScenario({ source: { case: "scenarioId", value: "subscribers" } });
  const token = await emulator.token();
  const path = (userKey: string) =>
    `/v1/${parent}/clients/${clientId}/users/${encodeURIComponent(userKey)}/planStatus`;
  const post = (userKey: string, body: JsonObject, authorization = `Bearer ${token}`) =>
    fetch(emulator.url + path(userKey), {
      method: "POST",
      headers: { "content-type": "application/json", authorization },
      body: JSON.stringify(body),
    });
  const userKey = "+14155550142";
  for (const [index, name] of ["prepaid", "low-quota", "unlimited"].entries()) {
    for (const protocol of protocols) {
      const planStatus = fromJson(PlanStatusSchema, bodyOf(name, index));
      await emulator
        .client(protocol, token)
        .createUserPlanStatus({ parent, clientId, userKey: `${userKey}${index}`, planStatus });
    }
  }
  await post(userKey, bodyOf("prepaid", 20));
  await post(userKey, bodyOf("prepaid", 10), "Bearer of-yesterday");
  await post(userKey, bodyOf("prepaid", 0));
  const wrong = bodyOf("prepaid", 30);
  const [plan] = wrong.plans as [JsonObject];
  const [module, second] = plan.planModules as [JsonObject, JsonObject];
  await post(userKey, {
    ...wrong,
    languageCode: "english",
    plans: [
      {
        ...plan,
        planCategory: "PRE_PAID",
        planModules: [{ ...module, byteBalance: { quotaBytes: "2 GB" } }, second],
      },
    ],
  });
  await control.createFault({
    fault: {
      effect: { case: "error", value: { reason: ErrorReason.SERVER_OVERLOADED } },
      frequency: { case: "nextCalls", value: 3 },
    },
  });
  const { calls } = await control.listCalls({ pageSize: 1 });
  return { ...emulator, refused: calls[0]?.name ?? "", userKey };
}

/** Returns an example, read from its backend some seconds after `now`. */
function bodyOf(name: string, seconds: number): JsonObject {
  const example = findExample(name);
  if (example === undefined) {
    throw new Error(`there is no example ${name}`);
  }
  return {
    ...example.body(now),
    updateTime: new Date(now.getTime() + seconds * 1_000 - 3_600_000).toISOString(),
  };
}

/** A place in the console, and a text that its page has once it is complete. */
export type ConsolePlace = readonly [
  name: string,
  fragment: (emulator: BusyEmulator) => string,
  ready: string,
];

/** A place of each kind, for checks of all pages. */
export const consolePlaces: readonly ConsolePlace[] = [
  ["the calls", () => "#/calls", "REQUEST_MALFORMED"],
  ["a rejected call", ({ refused }) => `#/${refused}`, "did you mean PREPAID?"],
  ["the subscribers", () => "#/subscribers", "491700000001"],
  [
    "a subscriber",
    ({ userKey }) => `#/subscribers/65001/mobiledataplan/${encodeURIComponent(userKey)}`,
    "Music",
  ],
  ["the playground", () => "#/playground", "updateTime"],
  ["the controls", () => "#/controls", "server overloaded"],
  ["the reference", () => "#/reference", "PlanStatusService"],
  [
    "a message of the reference",
    () => "#/reference/mobiledataplansharing.v1.PlanModule",
    "coarseBalanceLevel",
  ],
];
