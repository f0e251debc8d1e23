import { describe, expect, it } from "vitest";
import { pathInDraft, pushBody } from "../../../../src/console/playground/push/push-body.ts";
import type { Draft } from "../../../../src/console/ui/push-draft.ts";

const push: Draft = {
  method: "CreateUserPlanStatus",
  operator: "65001",
  clientId: "youtube",
  userKey: 'a/b+"c"=\\',
  text: '{ "title": 1e400 }',
};

describe("pushBody", () => {
  it("sends a status over REST exactly as it was written", () => {
    expect(pushBody(push, "rest")).toEqual({ text: push.text, path: "" });
    expect(pushBody({ ...push, text: "{" }, "rest").text).toBe("{");
  });

  it("puts the text into the request over RPC, as it was written", () => {
    const { text, path } = pushBody(push, "connect");
    expect(text.endsWith(`,"planStatus":${push.text}}`)).toBe(true);
    expect(path).toBe("planStatus");
    expect(JSON.parse(pushBody({ ...push, text: "{}" }, "grpc-web").text)).toEqual({
      parent: "operators/65001",
      clientId: "youtube",
      userKey: push.userKey,
      planStatus: {},
    });
  });

  it("names no client in a push for every client", () => {
    const { text } = pushBody({ ...push, method: "CreatePlanStatus", clientId: "", text: "{}" }, "connect");
    expect(JSON.parse(text)).toEqual({ parent: "operators/65001", userKey: push.userKey, planStatus: {} });
  });

  it("puts a group beside its id", () => {
    const group: Draft = { ...push, method: "CreatePlanGroup", clientId: "", text: "{}" };
    expect(JSON.parse(pushBody(group, "rest").text)).toEqual({ planGroupId: push.userKey, planGroup: {} });
    expect(JSON.parse(pushBody(group, "connect").text)).toEqual({
      parent: "operators/65001",
      planGroupId: push.userKey,
      planGroup: {},
    });
  });
});

describe("pathInDraft", () => {
  it("returns the path of a violation in the text, whatever the protocol", () => {
    const [rest, rpc] = [pushBody(push, "rest"), pushBody(push, "connect")];
    expect(pathInDraft("plans[0].planId", rest)).toBe("plans[0].planId");
    expect(pathInDraft("planStatus.plans[0].planId", rpc)).toBe("plans[0].planId");
    expect(pathInDraft("planStatus", rpc)).toBe("");
    expect(pathInDraft("userKey", rpc)).toBeUndefined();
    expect(pathInDraft("planStatusX", rpc)).toBeUndefined();
  });
});
