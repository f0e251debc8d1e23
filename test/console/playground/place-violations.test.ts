import { describe, expect, it } from "vitest";
import { checkDraft } from "../../../src/console/playground/check-draft.ts";
import type { Draft } from "../../../src/console/ui/push-draft.ts";
import { examples } from "../../../src/examples/index.ts";

const nowMs = Date.parse("2030-06-01T12:00:00Z");

const push: Draft = {
  method: "CreateUserPlanStatus",
  operator: "65001",
  clientId: "mobiledataplan",
  userKey: "+14155550100",
  text: "",
};

/** Returns the violations of a draft, each with the text at its place. */
function violationsOf(text: string, change: Partial<Draft> = {}): readonly string[] {
  const draft = { ...push, ...change, text };
  return checkDraft(draft, nowMs).violations.map(({ field, place }) => {
    const marked =
      place === undefined ? "elsewhere" : text.slice(place.from, place.to) || `end at ${place.from}`;
    return `${field}: ${marked}`;
  });
}

const times = '"updateTime": "2030-06-01T12:00:00Z", "expireTime": "2030-06-02T12:00:00Z"';

describe("checkDraft", () => {
  it("marks a value with its name", () => {
    expect(violationsOf(`{"languageCode": "no language", ${times}}`)).toEqual([
      'languageCode: "languageCode": "no language"',
    ]);
    expect(violationsOf(`{"languageCode": "en", ${times.replace("2030-06-02", "2030-05-02")}}`)).toEqual([
      'expireTime: "expireTime": "2030-05-02T12:00:00Z"',
    ]);
  });

  it("marks the message that lacks a field", () => {
    expect(violationsOf(`{${times}}`)).toEqual(["languageCode: {"]);
    expect(violationsOf(`{"languageCode": "en", ${times}, "plans": [{}]}`)).toEqual(["plans[0].planId: {"]);
    expect(violationsOf(`{"languageCode": "en", ${times}, "accountInfo": {"accountBalance": {}}}`)).toEqual([
      'accountInfo.accountBalance.currencyCode: "accountBalance"',
      'accountInfo.accountBalanceStatus: "accountInfo"',
      'accountInfo.validUntil: "accountInfo"',
    ]);
  });

  it("marks the name of an unknown field, also if the request has a field of that name", () => {
    expect(violationsOf(`{"languageCode": "en", ${times}, "plan_s": 1}`)).toEqual(['plan_s: "plan_s": 1']);
    expect(violationsOf(`{"languageCode": "en", ${times}, "userKey": "x"}`)).toEqual([
      'userKey: "userKey": "x"',
    ]);
  });

  it("marks where a text stops being JSON", () => {
    expect(violationsOf('{"languageCode": en}')).toEqual(["body: e"]);
    expect(violationsOf('{"languageCode": "en"')).toEqual(["body: end at 21"]);
    expect(violationsOf("{}\n}")).toEqual(["body: }"]);
  });

  it("marks nothing in the text for what is wrong with the rest of the request", () => {
    const text = `{"languageCode": "en", ${times}}`;
    expect(violationsOf(text, { userKey: "" })).toEqual(["userKey: elsewhere"]);
    expect(violationsOf(text, { clientId: "x" })).toEqual(["clientId: elsewhere"]);
    expect(violationsOf(text, { operator: "x" })).toEqual(["parent: elsewhere"]);
    expect(violationsOf(text, { method: "CreatePlanStatus", clientId: "", userKey: " " })).toEqual([
      "userKey: elsewhere",
    ]);
  });

  it("marks violations of a plan group within its text", () => {
    const group: Partial<Draft> = { method: "CreatePlanGroup", clientId: "" };
    expect(violationsOf('{"dataPlans": [{"planId": 1}]}', group)).toEqual([
      'planGroup.dataPlans[0].planId: "planId": 1',
    ]);
    expect(violationsOf('{"dataPlans": x}', group)).toEqual(["body: x"]);
    expect(violationsOf("{", group)).toEqual(["body: end at 1"]);
    expect(violationsOf("{}", { ...group, userKey: "" })).toEqual(["planGroupId: elsewhere"]);
  });

  it.each(examples)(
    "finds nothing wrong with the template $name, and says what it sends",
    ({ kind, body, notifications }) => {
      const method = kind === "planGroup" ? "CreatePlanGroup" : "CreateUserPlanStatus";
      const found = checkDraft(
        { ...push, method, text: JSON.stringify(body(new Date(nowMs)), null, 2) },
        nowMs,
      );
      expect(found.violations).toEqual([]);
      expect(found.notifications.length).toBe(notifications.length);
      expect(found.notifications.every(({ text }) => text.length > 10)).toBe(true);
    },
  );
});
