import { describe, expect, it } from "vitest";
import {
  exactPattern,
  placeOf,
  searchPattern,
  subscriberAddress,
} from "../../../src/console/subscribers/subscriber-address.ts";
import { parseKeyPattern } from "../../../src/emulator/key-pattern.ts";

const none = new URLSearchParams();
const longest = "k".repeat(4096);

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

describe("exactPattern", () => {
  it.each(["+14155550100", "a*b", "a\\b", "\\*", "a/b+c==", "%2F", "🙂", longest])(
    "matches only the key %s",
    (key) => {
      const { matches } = parseKeyPattern(exactPattern(key));
      expect(matches(key)).toBe(true);
      expect(
        ["", `${key}1`, `1${key}`, key.replaceAll("*", "x")].filter(
          (other) => other !== key && matches(other),
        ),
      ).toEqual([]);
    },
  );

  it.each(["*".repeat(4096), `a${"\\".repeat(4095)}`])(
    "is short enough for the emulator if %s is escaped",
    (key) => {
      const pattern = exactPattern(key);
      expect(pattern.length).toBeLessThanOrEqual(4096);
      expect(parseKeyPattern(pattern).matches(key)).toBe(true);
    },
  );
});

describe("searchPattern", () => {
  it("finds a text in any part of a key, and takes a text with a star as a pattern", () => {
    expect(["", "415", "+1415*", "a\\*b"].map(searchPattern)).toEqual(["", "*415*", "+1415*", "a\\*b"]);
  });

  it("stays short enough for the emulator", () => {
    expect(searchPattern(longest)).toBe(longest);
    expect(searchPattern("k".repeat(4095))).toBe("k".repeat(4095));
    expect(searchPattern("k".repeat(4094))).toHaveLength(4096);
  });
});
