import { describe, expect, it } from "vitest";
import { subscriberPlace } from "../../../src/console/ui/subscriber-place.ts";

const userKey = "+14155550100";

describe("subscriberPlace", () => {
  it.each([
    ["mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup", "planGroup"],
    ["CreatePlanGroup", "planGroup"],
    ["mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus", "planStatus"],
  ])("of %s names the kind of the record, because a key may have both", (method, kind) => {
    const place = subscriberPlace({ operator: "operators/65001", clientId: "", userKey, method });
    expect(place).toEqual([["65001", "-", userKey], { kind }]);
  });

  it("of a client names the client", () => {
    const push = { operator: "65001", clientId: "youtube", userKey, method: "CreateUserPlanStatus" };
    expect(subscriberPlace(push)).toEqual([["65001", "youtube", userKey], {}]);
  });
});
