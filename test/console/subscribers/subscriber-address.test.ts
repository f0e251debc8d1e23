import { describe, expect, it } from "vitest";
import { placeOf, subscriberAddress } from "../../../src/console/subscribers/subscriber-address.ts";

const none = new URLSearchParams();

describe("the address of a subscriber", () => {
  it.each([
    { kind: "planStatus", clientId: "" },
    { kind: "planStatus", clientId: "mobiledataplan" },
    { kind: "planGroup", clientId: "" },
  ] as const)("leads to the record %o", (choice) => {
    const [segments, query] = placeOf("65001", "a/b+c==", choice);
    const address = subscriberAddress(segments, new URLSearchParams(query));
    expect(address).toEqual({ asn: "65001", userKey: "a/b+c==", choice });
  });

  it("leaves open what is shown if it names neither a client nor a kind", () => {
    expect(subscriberAddress(["65001", "-", "+1"], none)?.choice).toBeUndefined();
    expect(
      subscriberAddress(["65001", "-", "+1"], new URLSearchParams("kind=other"))?.choice,
    ).toBeUndefined();
  });

  it("is that of the list if a part is missing", () => {
    expect(subscriberAddress([], none)).toBeUndefined();
    expect(subscriberAddress(["65001", "-"], none)).toBeUndefined();
  });

  it("takes slashes that are not encoded as part of the key", () => {
    expect(subscriberAddress(["65001", "-", "a", "b=="], none)?.userKey).toBe("a/b==");
  });
});
