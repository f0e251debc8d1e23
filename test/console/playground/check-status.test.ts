import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NotificationTypeSchema } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { checkStatus, type PushTarget } from "../../../src/console/playground/check-status.ts";
import { findExample } from "../../../src/examples/index.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { readVectors } from "../../vectors/read-vectors.ts";
import { type PushAnswer, pushOfVector, pushStatus } from "./pushed-status.ts";
import { statusTexts } from "./status-texts.ts";

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

  const body = JSON.stringify(findExample("minimal")?.body(new Date(nowMs)));
  const withMember = (member: string) => `${body.slice(0, -1)},${member}}`;
  const list = (count: number, item: string) => `[${Array(count).fill(item).join(",")}]`;

  it.each([
    ["nothing", ""],
    ["white space", " \n"],
    ["null", "null"],
    ["a list", "[]"],
    ["a byte order mark", `\ufeff${body}`],
    ["half a character", withMember('"title":"\ud83d"')],
    ["the escape of half a character", withMember('"title":"\\ud83d"')],
    ["a character that hides others in its unknown name", withMember('"\u202etitle":1')],
    ["a key twice", withMember('"languageCode":"de"')],
    ["a key in both spellings", withMember('"language_code":"de"')],
    ["a misspelled key", withMember('"titel":"x"')],
    [
      "an integer that a double cannot hold",
      withMember('"plans":[{"planModules":[{"usedBytes":9007199254740993}]}]'),
    ],
    ["more violations than an error lists", withMember(`"plans":${list(120, "{}")}`)],
    ["more unknown fields than an error lists", withMember(`"plans":${list(120, '{"x":1}')}`)],
    ["a list that is too long", withMember(`"plans":${list(129, "{}")}`)],
    [
      "lists that are too long in a list",
      withMember(`"plans":${list(128, `{"planModules":${list(129, "{}")}}`)}`),
    ],
    ["a list of output that is too long", withMember(`"notifications":${list(32_771, "1")}`)],
    ["a key of 5,000 characters", withMember(`"${"k".repeat(5_000)}":1`)],
    ["a description of 5,000 characters", withMember(`"title":"${"€".repeat(5_000)}"`)],
    ["values nested too deep", withMember(`"plans":${"[".repeat(20_001)}${"]".repeat(20_001)}`)],
    ["an end too early", body.slice(0, -1)],
    ["times in the wrong order", body.replace(/"expireTime":"[^"]+"/, '"expireTime":"2045-01-01T00:00:00Z"')],
    [
      "an update time from the future",
      body.replace(/"updateTime":"[^"]+"/, '"updateTime":"2045-01-02T00:01:00.000000001Z"'),
    ],
    [
      "an update time at the limit",
      body.replace(/"updateTime":"[^"]+"/, '"updateTime":"2045-01-02T00:01:00Z"'),
    ],
  ])("checkStatus finds what the emulator answers over REST to a body with %s", async (name, text) => {
    const userKey = name.replaceAll(" ", "-");
    const target = { method: "createPlanStatus", parent: "operators/65001", clientId: "", userKey } as const;
    expect(checked(text, target)).toEqual(await pushStatus(emulator, token, text, target));
  });

  it.each([
    ["an empty key, for every client", { method: "createPlanStatus", userKey: "" }],
    ["a key with blanks", { userKey: "a b\u00a0c" }],
    ["a key with a slash, a percent sign and a plus", { userKey: "a/b%2F+c" }],
    ["a key that hides characters", { userKey: "a\u202eb" }],
    ["a key with half a character", { userKey: "a\ud83d" }],
    ["a key with markup", { userKey: "<img/src=x>" }],
    ["a key of 4,097 characters", { userKey: "k".repeat(4_097) }],
    ["an unknown client", { clientId: "youtub" }],
    ["a client and a key that are invalid, of a status without a language", { clientId: " ", userKey: " " }],
  ] as const)(
    "checkStatus finds what the emulator answers over REST to a push for %s",
    async (_, changed) => {
      const target = {
        method: "createUserPlanStatus",
        clientId: "youtube",
        userKey: "u",
        ...changed,
      } as const;
      const push = { parent: "operators/65001", ...target };
      for (const text of [body, "{}"]) {
        expect(checked(text, push)).toEqual(await pushStatus(emulator, token, text, push));
      }
    },
  );

  it("checkStatus finds what the emulator answers over REST to any text", async () => {
    const seen = { accepted: 0, malformed: 0, invalid: 0 };
    let pushed = 0;
    await fc.assert(
      fc.asyncProperty(statusTexts(nowMs), fc.constantFrom(...methods), async (text, method) => {
        const userKey = `any-${++pushed}`;
        const target = { method, parent: "operators/65001", clientId: "mobiledataplan", userKey };
        const answer = checked(text, target);
        expect(answer).toEqual(await pushStatus(emulator, token, text, target));
        const kind =
          answer.violations.length === 0 ? "accepted" : isMalformed(answer) ? "malformed" : "invalid";
        seen[kind] += 1;
      }),
      { seed: 20261130, numRuns: 300 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(30);
  });
});

const methods = ["createUserPlanStatus", "createPlanStatus"] as const;

function isMalformed({ violations }: PushAnswer): boolean {
  return violations.some(({ description }) => /^must be (?:JSON|an? )|^is not a field/.test(description));
}
