import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { FaultSchema } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import {
  effectWords,
  faultsSummary,
  frequencyWords,
  matchWords,
} from "../../../src/console/emulator/fault-words.ts";

const fault = (json: JsonValue) => fromJson(FaultSchema, json);

describe("the words for an injected error", () => {
  it.each([
    [{ error: { reason: "SERVER_OVERLOADED" } }, "server overloaded"],
    [{ error: { code: "RESOURCE_EXHAUSTED" } }, "resource exhausted"],
    [{ error: { code: 99 } }, "code 99"],
    [{ cut: "BEFORE_ANSWER" }, "cut after storing"],
    [{ delay: "30s" }, "30 s delay"],
    [{ delay: "1.5s", cut: "WITHIN_ANSWER" }, "cut within the answer + 1.5 s delay"],
  ])("of the effect of %j are %j", (json, words) => {
    expect(effectWords(fault(json))).toBe(words);
  });

  it.each([
    [{ nextCalls: 1 }, "the next call"],
    [{ nextCalls: 3, affectedCalls: "1" }, "the next 2 calls"],
    [{ everyNth: 1 }, "every call"],
    [{ everyNth: 2 }, "every 2nd call"],
    [{ everyNth: 11 }, "every 11th call"],
    [{ everyNth: 103 }, "every 103rd call"],
    [{ share: 0.1 }, "10 % of the calls"],
    [{ share: 0.00005 }, "0.005 % of the calls"],
    [{}, "every call"],
  ])("of the frequency of %j are %j", (json, words) => {
    expect(frequencyWords(fault(json))).toBe(words);
  });

  it("name each condition of the calls, and the method without its package", () => {
    const match = {
      method: "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus",
      operator: "operators/65001",
      clientId: "youtube",
      userKey: "+1415*",
    };
    expect(matchWords(fault({ match }).match)).toEqual([
      "PlanStatusService/CreateUserPlanStatus",
      "operator 65001",
      "client youtube",
      "key +1415*",
    ]);
    const service = fault({ match: { method: "mobiledataplansharing.v1.PlanStatusService" } });
    expect(matchWords(service.match)).toEqual(["PlanStatusService"]);
    expect(matchWords(undefined)).toEqual([]);
  });

  it("name two effects of all that are injected, each once", () => {
    const slow = fault({ delay: "2s" });
    expect(faultsSummary([])).toBe("No injected errors");
    expect(faultsSummary([slow, slow])).toBe("2 injected: 2 s delay");
    const others = [fault({ cut: "BEFORE_PROCESSING" }), fault({ error: { code: "UNAVAILABLE" } })];
    expect(faultsSummary([slow, ...others])).toBe("3 injected: 2 s delay, cut before processing, …");
  });
});
