import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  type PlanGroup,
  PlanGroupSchema,
  type PlanStatus,
  PlanStatusSchema,
} from "../../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import {
  firstItems,
  groupView,
  type PhoneView,
  phoneView,
} from "../../../../src/console/subscribers/phone/phone-view.ts";
import { examples } from "../../../../src/examples/index.ts";
import { day, fromNow, hour, plan, planModule, planStatus } from "../../../support/plan-statuses.ts";
import { testTime } from "../../../support/test-clock.ts";
import { outlineOf } from "./view-outline.ts";

const statusOf = (json: JsonObject): PlanStatus => fromJson(PlanStatusSchema, json);
const groupOf = (json: JsonObject): PlanGroup => fromJson(PlanGroupSchema, json);

/** Returns the view of an example that was pushed now. */
function viewOfExample(name: string, fields: JsonObject = {}, nowMs: number = testTime): PhoneView {
  const example = examples.find((each) => each.name === name);
  const body = { ...example?.body(new Date(testTime)), ...fields };
  return example?.kind === "planGroup" ? groupView(groupOf(body), nowMs) : phoneView(statusOf(body), nowMs);
}

describe("the drawing of a status", () => {
  it.each(examples.map(({ name }) => name))("draws the example %s with a text for everything", (name) => {
    const view = viewOfExample(name);
    const texts = view.plans.flatMap((each) => [
      each.name,
      ...each.labels.map(({ text }) => text),
      ...each.modules.flatMap(({ name, description, balance, facts, labels }) => [
        name,
        description,
        balance.text,
        ...labels.map(({ text }) => text),
        ...facts.flatMap(({ label, text }) => [label, text]),
      ]),
    ]);
    expect(texts.filter((text) => text === "" || /undefined|NaN|_/.test(text))).toEqual([]);
    expect(view.morePlans).toBe(0);
    expect(view.hidden).toBeUndefined();
  });

  it("draws a prepaid plan of three modules in their order", () => {
    expect(outlineOf(viewOfExample("prepaid"))).toEqual([
      "ACME Plan 199 (en-US, ltr) As of just now; Outdated in 24 h",
      "  ACME Plan 199 [Prepaid neutral] [Active good] Ends in 20 days",
      "    Data: 205 MiB of 2 GiB left (10 %) |0.10| [Low quota warn] [Active good] For all traffic; Refreshes every month; Next refresh in 20 days; When used up slower, at most 64 kbit/s",
      "    Chat: Unlimited |1.00| [Active good] For messaging; Refreshes every month; Next refresh in 20 days",
      "    Music: 763 MiB of 1 GiB left (75 %) |0.75| [Active good] For music; Refreshes every month; Next refresh in 20 days; When used up blocked",
      "  Account $12.50 [Valid good] Valid until in 90 days",
    ]);
  });

  it("draws what was spent and what was added to the account", () => {
    expect(outlineOf(viewOfExample("pay-as-you-go")).at(-1)).toContain("Pay as you go, so far $1.75");
    expect(outlineOf(viewOfExample("top-up")).at(-1)).toContain("Account $32.50");
    expect(outlineOf(viewOfExample("top-up")).at(-1)).toContain("Topped up with $20.00");
  });

  it("greys plans and modules that are expired or inactive, and says why", () => {
    expect(outlineOf(viewOfExample("expired")).slice(1)).toEqual([
      "  ✗ ACME Travel [Postpaid neutral] [Expired bad] Ended 24 h ago",
      "    ✗ Data: 1.5 GiB of 2 GiB left (75 %) |0.75| [High quota good] [Expired bad] For all traffic; Expired 24 h ago; When used up blocked",
    ]);
    const [inactive] = viewOfExample("inactive").plans;
    expect(inactive?.unusable).toBeUndefined();
    expect(inactive?.modules[0]?.unusable).toBe("Cannot be used now");
  });

  it("greys a plan and a module whose time has passed by the emulated clock, but not a refresh that is due", () => {
    const later = testTime + 30 * day;
    const [prepaid] = viewOfExample("prepaid", {}, later).plans;
    expect(prepaid?.unusable).toBe("Its time has passed, although its state does not say so");
    expect(prepaid?.modules.map(({ unusable }) => unusable)).toEqual([undefined, undefined, undefined]);
    expect(prepaid?.modules[0]?.facts).toContainEqual(
      expect.objectContaining({ label: "Refresh was due", text: "10 days ago", tone: "bad" }),
    );
    const [travel] = viewOfExample("newly-active", {}, later).plans;
    expect(travel?.modules[0]?.unusable).toBe("Its time has passed, although its state does not say so");
  });

  it("says why a status that is UI_INCOMPATIBLE may not be shown", () => {
    const view = viewOfExample("prepaid", { uiCompatibility: "UI_INCOMPATIBLE" });
    expect(view.hidden).toContain("UI_INCOMPATIBLE");
    expect(viewOfExample("prepaid", { uiCompatibility: "UI_COMPATIBLE" }).hidden).toBeUndefined();
  });

  it("sets texts and amounts in the language of the status", () => {
    const view = viewOfExample("prepaid", { languageCode: "he-IL" });
    expect(view.language).toEqual({ lang: "he-IL", dir: "rtl", locale: "he-IL" });
    expect(viewOfExample("prepaid", { languageCode: "de" }).account?.balance).toMatch(/^12,50\s\$$/);
  });

  it("draws a plan without a name by its id, and lists the id of another as not shown", () => {
    const status = planStatus({ plans: [plan({ planId: "one" }), plan({ planId: "two", planName: "Two" })] });
    const view = phoneView(status, testTime);
    expect(view.plans.map(({ name }) => name)).toEqual(["one", "Two"]);
    expect(view.notShown).toContainEqual(expect.objectContaining({ field: "plans[1].planId", value: "two" }));
    expect(view.notShown.map(({ field }) => field)).not.toContain("plans[0].planId");
  });

  it("draws a plan group, which has no title, account and language", () => {
    expect(outlineOf(viewOfExample("plan-group"))).toEqual([
      "untitled (, ltr) As of just now; Outdated in 24 h",
      "  ACME Family [Postpaid neutral] [Active good]",
      "    Data: 1.5 GiB of 2 GiB left (75 %) |0.75| [High quota good] [Active good] For all traffic; Expires in 20 days; When used up blocked",
    ]);
    expect(outlineOf(groupView(groupOf({}), testTime))).toEqual(["untitled (, ltr)"]);
  });

  it("draws at first some of very many plans and modules, and all if asked", () => {
    const planModules = Array.from({ length: 128 }, () => planModule());
    const status = planStatus({ plans: Array.from({ length: 128 }, () => plan({ planModules })) });
    const view = phoneView(status, testTime);
    expect(view.plans).toHaveLength(1);
    expect([view.morePlans, view.plans[0]?.modules.length]).toEqual([127, firstItems - 1]);
    expect(view.plans[0]?.moreModules).toBe(128 - (firstItems - 1));
    const all = phoneView(status, testTime, Number.POSITIVE_INFINITY);
    expect(all.plans.flatMap(({ modules }) => modules)).toHaveLength(128 * 128);
    expect([all.morePlans, all.plans[0]?.moreModules]).toEqual([0, 0]);
  });

  it("says how long ago or how far away a time is", () => {
    const at = (ms: number) => phoneView(planStatus({ updateTime: fromNow(-ms) }), testTime).facts[0]?.text;
    expect([0, 29_000, 90_000, 5 * hour, 3 * day, -29_000].map(at)).toEqual([
      "just now",
      "just now",
      "2 min ago",
      "5 h ago",
      "3 days ago",
      "in less than a minute",
    ]);
  });
});
