import { describe, expect, it } from "vitest";
import { moreViolations } from "../../../src/contract/field-violation.ts";
import { keyDisplay, listedViolations, maskIn, maskKey } from "../../../src/push/run/mask.ts";

describe("a user key", () => {
  it("is masked except for its end, or completely if it is short", () => {
    expect(["491701234567", "abcdef", "abc", ""].map(maskKey)).toEqual(["***567", "***f", "***", "***"]);
    expect(keyDisplay(true).key("491701234567")).toBe("491701234567");
  });

  it("is not masked with --reveal, neither alone nor within a message", () => {
    const { key, text } = keyDisplay(true);
    expect([key("491701234567"), text("for 491701234567", "491701234567")]).toEqual([
      "491701234567",
      "for 491701234567",
    ]);
    expect(keyDisplay(false).text("for 491701234567", undefined)).toBe("for 491701234567");
  });

  it.each([
    ["as it is", "users/a/b+cdefg/planStatus"],
    ["percent-encoded", "users/a%2Fb%2Bcdefg/planStatus"],
    ["percent-encoded in lower case", "users/a%2fb%2bcdefg/planStatus"],
    ["percent-encoded in part, as in a name", "users/a%2Fb+cdefg/planStatus"],
    ["percent-encoded twice", "users/a%252Fb%252Bcdefg/planStatus"],
    ["percent-encoded three times", "users/a%25252Fb%25252Bcdefg/planStatus"],
    ["with every character percent-encoded", "users/%61%2F%62%2B%63%64%65%66%67/planStatus"],
    ["with escaped separators around it", "users%2Fa%2Fb%2Bcdefg%2FplanStatus"],
    ["in JSON", '{"userKey":"a/b+cdefg"}'],
    ["in JSON with an escaped slash", String.raw`{"userKey":"a\/b+cdefg"}`],
    ["in JSON with Unicode escapes", String.raw`{"userKey":"a\u002Fb\u002bcdefg"}`],
    ["in a query", "?userKey=a/b+cdefg&x=1"],
    ["behind a line break that is escaped as in JSON", String.raw`first\na/b+cdefg`],
    ["at the end of a sentence", "There is no a/b+cdefg."],
    ["twice", "a/b+cdefg, a/b+cdefg"],
    ["in Base64", `key ${Buffer.from("a/b+cdefg").toString("base64")}`],
    ["in Base64 for URLs", `key ${Buffer.from("a/b+cdefg").toString("base64url")}`],
  ])("is masked completely within a message %s", (_, text) => {
    const masked = maskIn(text, "a/b+cdefg");
    expect(masked).toContain("***efg");
    expect(masked.replaceAll("***efg", "")).not.toMatch(/cde|b%|%2Bc|YS9iK2|%63/i);
  });

  it.each([
    ["4155", "the number 14155, 41550, 4155_1 and A4155b"],
    ["4155", "at 12:41:4155, 3.4155, 4155.5, 4155-11 and 11-4155"],
    ["2026", "a newer status is already stored (updateTime 2026-11-29T12:00:00Z)"],
    ["491701234567", "the user 4917012345678 or 1491701234567"],
    ["abc", "abcd, xabc, abc1, éabc, abcé"],
    ["a.c", "abc a+c aac"],
    ["語語語", "日語語語"],
    ["ab", "ab: too short to be a secret"],
    ["", "nothing"],
  ])("%j is not masked within: %s", (key, text) => {
    expect(maskIn(text, key)).toBe(text);
  });

  it.each([
    ["4155", "no user 4155: ask 4155.", "no user ***: ask ***."],
    ["4155", "plans[4155] +4155 (4155)", "plans[***] +*** (***)"],
    ["491701234567", "65001:491701234567-1", "65001:***567-1"],
    ["a.c(d*[e", "no user a.c(d*[e", "no user ****[e"],
    ["$&$1abc$&", "no user $&$1abc$&!", "no user ***c$&!"],
    ["abc/def+gh==", "no user abc/def+gh==.", "no user ***h==."],
    ["+++++", "no user +++++", "no user ***+"],
    ["😀😀😀😀", "no user 😀😀😀😀", "no user ***"],
    ["😀😀😀😀😀", "no user %F0%9F%98%80😀😀😀😀", "no user ***😀"],
    ["'a!b*(c)'", "users/%27a%21b%2A%28c%29%27", "users/***c)'"],
    ["a%2Fb12345", "name a%252Fb12345", "name ***345"],
  ])("%j is masked as a whole within: %s", (key, text, masked) => {
    expect(maskIn(text, key)).toBe(masked);
  });

  it("is masked within a violation that is cut within the key", () => {
    const key = "491701234567";
    const violation = { field: `${"x".repeat(249)}.${key}`, description: `${"y".repeat(1_019)} ${key}` };
    const listed = listedViolations([violation, moreViolations], (text) => maskIn(text, key));
    expect(JSON.stringify(listed)).not.toContain("4917");
    expect(listed.map(({ field }) => field)).toEqual([`${"x".repeat(249)}.***567`, "record"]);
  });
});
