import { expect, it } from "vitest";
import { createConnectionTokens, sentToken } from "../../src/auth/sent-token.ts";

const headOf = (connection: object, token: string) => ({
  connection,
  authorization: `Bearer ${token}`,
  target: "/",
});

it("a connection keeps its last four tokens, also if calls that arrive together add one several times", () => {
  const tokens = createConnectionTokens();
  const connection = {};
  for (const token of ["a", "b", "c", "d", "d", "d", "d"]) {
    tokens.add(headOf(connection, token), sentToken(token));
  }
  const kept = ["a", "b", "c", "d"].map((token) => tokens.get(headOf(connection, token))?.text);
  expect(kept).toEqual(["a", "b", "c", "d"]);
  tokens.add(headOf(connection, "e"), sentToken("e"));
  expect(tokens.get(headOf(connection, "a"))).toBeUndefined();
  expect(tokens.get(headOf(connection, "b"))?.text).toBe("b");
});

it("a connection does not have the tokens of another one", () => {
  const tokens = createConnectionTokens();
  tokens.add(headOf({}, "a"), sentToken("a"));
  expect(tokens.get(headOf({}, "a"))).toBeUndefined();
});
