import { describe, expect, it } from "vitest";
import { PlanStatusSchema } from "../../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { contractPlaceAt } from "../../../../src/console/playground/text/contract-place.ts";

/** Returns what the contract says about the `|` of a text, as text. */
function at(marked: string): string | undefined {
  const text = marked.replace("|", "");
  const place = contractPlaceAt(text, marked.indexOf("|"), PlanStatusSchema);
  if (place === undefined) {
    return undefined;
  }
  const { field, valueName, from, to } = place;
  return [`${field.parent.name}.${field.name}`, valueName, text.slice(from, to)].filter(Boolean).join(" ");
}

describe("contractPlaceAt", () => {
  it("finds the field of a name, in either spelling", () => {
    expect(at('{"pla|ns": []}')).toBe('PlanStatus.plans "plans"');
    expect(at('{"update_t|ime": ""}')).toBe('PlanStatus.update_time "update_time"');
    expect(at('{"plans": [{}, {"planModules": [{"byteBalance": {"quo|taBytes": "1"}}]}]}')).toBe(
      'ByteQuota.quota_bytes "quotaBytes"',
    );
    expect(at('{"accountInfo": {"accountBalance": {"un|its": "1"}}}')).toBe('Money.units "units"');
  });

  it("finds the field that a value belongs to, and the value of an enum", () => {
    expect(at('{"title": "A |plan"}')).toBe('PlanStatus.title "A plan"');
    expect(at('{"plans": [{"planState": "EXP|IRED"}]}')).toBe(
      'Plan.plan_state mobiledataplansharing.v1.PlanState.EXPIRED "EXPIRED"',
    );
    expect(at('{"plans": [{"planModules": [{"trafficCategories": ["GENERIC", "VID|EO"]}]}]}')).toBe(
      'PlanModule.traffic_categories mobiledataplansharing.v1.PlanModuleTrafficCategory.VIDEO "VIDEO"',
    );
  });

  it("finds the field of free JSON, however deep", () => {
    expect(at('{"planInfoPerClient": {"androidSystemInfo": {"a": [{"b": t|rue}]}}}')).toBe(
      "PlanInfoPerClient.android_system_info true",
    );
  });

  it("finds nothing for unknown names, in punctuation and in text that is not JSON", () => {
    expect(at('{"no|thing": 1}')).toBeUndefined();
    expect(at('{"nothing": {"pl|ans": 1}}')).toBeUndefined();
    expect(at('|{"title": 1}')).toBeUndefined();
    expect(at("ti|tle")).toBeUndefined();
    expect(at("|")).toBeUndefined();
  });

  it("takes no name of a prototype for a field", () => {
    expect(at('{"const|ructor": 1}')).toBeUndefined();
    expect(at('{"__pro|to__": 1}')).toBeUndefined();
  });
});
