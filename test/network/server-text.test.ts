import { describe, expect, it } from "vitest";
import { shownText } from "../../src/network/server-text.ts";

const token = "ya29.a0AfH-6SMBx/yz+12==";

describe("shownText", () => {
  it.each([
    ["the whole token", `bad Bearer ${token}.`, "bad Bearer ***."],
    ["the token in percent-encoding", `q=${encodeURIComponent(token)}&x`, "q=***&x"],
    ["the token with every character encoded", token.replaceAll(/[\s\S]/g, hex), "***"],
    ["the beginning of the token", `got ${token.slice(0, 10)}…`, "got ***…"],
    ["the end of the token", `got …${token.slice(-10)}`, "got …***"],
    ["a part of it twice", `${token.slice(2, 12)} ${token.slice(2, 12)}`, "*** ***"],
    ["a JSON Web Token", "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln was sent", "*** was sent"],
    ["a JSON Web Token that is cut", "assertion=eyJhbGciOiJSUzI1Ni", "assertion=***"],
  ])("masks %s", (_, text, expected) => {
    expect(shownText(text, token)).toBe(expected);
  });

  it("leaves fewer than eight characters of the token, percent signs, and text without a secret", () => {
    for (const text of [`${token.slice(0, 7)} 100% %zz %41`, "the access token was rejected", "💶 é"]) {
      expect(shownText(text, token)).toBe(text);
      expect(shownText(text)).toBe(text);
    }
  });

  it("does not mask secrets so short that words have them", () => {
    expect(shownText("the test is over", "t")).toBe("the test is over");
  });

  it("escapes control characters of both sets, line breaks, and marks of direction", () => {
    expect(shownText("\u001b[2J\u009b\n\u202e\u2028x")).toBe("\\u001b[2J\\u009b\\u000a\\u202e\\u2028x");
  });

  it("takes time in proportion to the text, and cuts one that is longer than 16 KiB", () => {
    expect(shownText("x".repeat(1_000_000), token)).toHaveLength(16 * 1024);
  });
});

function hex(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
