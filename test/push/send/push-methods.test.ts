import { describe, expect, it } from "vitest";
import type { PushRequest } from "../../../src/push/input/push-request.ts";
import { restPathOf, storedNameOf } from "../../../src/push/send/push-methods.ts";

const requestOf = (method: PushRequest["method"]) =>
  ({ method, parent: "operators/65001", clientId: "youtube", userKey: "a/b%+" }) as PushRequest;

describe("restPathOf", () => {
  it("returns the path of each method with the user key encoded once, and without the id of a plan group", () => {
    expect(restPathOf(requestOf("createUserPlanStatus"))).toBe(
      "/v1/operators/65001/clients/youtube/users/a%2Fb%25%2B/planStatus",
    );
    expect(restPathOf(requestOf("createPlanStatus"))).toBe(
      "/v1/operators/65001/planStatuses?userKey=a%2Fb%25%2B",
    );
    expect(restPathOf(requestOf("createPlanGroup"))).toBe("/v1/operators/65001/planGroups");
  });
});

describe("storedNameOf", () => {
  it("returns the name of the status or group that a request stores", () => {
    expect(storedNameOf(requestOf("createUserPlanStatus"))).toBe("operators/65001/planStatuses/a%2Fb%25+");
    expect(storedNameOf(requestOf("createPlanStatus"))).toBe("operators/65001/planStatuses/a%2Fb%25+");
    expect(storedNameOf(requestOf("createPlanGroup"))).toBe("operators/65001/planGroups/a%2Fb%25+");
  });
});
