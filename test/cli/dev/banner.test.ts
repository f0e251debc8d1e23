import { describe, expect, it } from "vitest";
import { type BannerInit, banner, pushLine } from "../../../src/cli/dev/banner.ts";
import { quoted } from "../../../src/cli/program-line.ts";

const init: BannerInit = {
  url: "http://127.0.0.1:8080",
  operator: 65001,
  token: `eyJ.${"x".repeat(420)}`,
  program: { words: "mdps", isClone: false },
  store: "memory:",
  data: undefined,
  now: undefined,
  anyToken: false,
  exposeControl: false,
  tlsCert: undefined,
};

/** Returns the number of rows that a text takes on a terminal of 80 columns. */
const rowsOf = (text: string) =>
  text.split("\n").reduce((rows, line) => rows + Math.max(1, Math.ceil(line.length / 80)), 0);

/** What npm and the log print besides. */
const around = [
  "",
  "> mobile-data-plan-sharing@0.1.0 start",
  "> node -r ./scripts/require-node.cjs --max-semi-space-size=32 src/cli/main.ts dev --persist",
  "",
  '{"level":"info","time":"2026-11-30T01:52:21.782Z","pid":26158,"url":"http://127.0.0.1:45015","msg":"listening"}',
].join("\n");

const clone = { words: "npm run -s mdps --", isClone: true };
const long = (length: number) => `/${"d".repeat(length - 1)}`;

describe("the banner of mdps dev", () => {
  it.each<[string, Partial<BannerInit>]>([
    ["in a clone", { program: clone, store: "sqlite:/home/somebody/.local/share/mdps" }],
    ["with the longest directory", { program: clone, store: `sqlite:${long(4095)}`, data: long(4095) }],
    [
      "with the longest directory that is passed on",
      { program: clone, store: `sqlite:${long(112)}`, data: long(112) },
    ],
    ["with another clock", { program: clone, now: new Date(0), operator: 4_294_967_295 }],
    ["with IPv6", { program: clone, url: "http://[2001:db8:1111:2222:3333:4444:5555:6666]:65535" }],
    ["with everything allowed", { program: clone, anyToken: true, exposeControl: true, now: new Date(0) }],
  ])("fits a terminal of 80 columns and 24 lines, with what npm and the log print: %s", (_, more) => {
    const text = banner({ ...init, ...more });
    expect(rowsOf(text) + rowsOf(around)).toBeLessThanOrEqual(24);
  });

  it("names the store without its password", () => {
    const text = banner({ ...init, store: "postgres://user:secret@db.example/mdps" });
    expect(text).toContain("Records survive a restart, in postgres");
    expect(text).not.toContain("secret");
  });

  it("has a command with the program, the data directory and the certificate that it needs", () => {
    expect(pushLine(init)).toBe(
      `mdps example | curl -sS -d @- -H 'Content-Type: application/json' -H "Authorization: Bearer $(mdps token --operator 65001)" http://127.0.0.1:8080/v1/operators/65001/clients/mobiledataplan/users/a%2Fb%2Bc%3D%3D/planStatus`,
    );
    expect(pushLine({ ...init, data: "/my data", tlsCert: "/tls/it's.pem" })).toContain(
      `--cacert '/tls/it'\\''s.pem' -H 'Content-Type: application/json' -H "Authorization: Bearer $(mdps token --operator 65001 --data '/my data')"`,
    );
    expect(pushLine({ ...init, now: new Date(0) })).toMatch(
      /^mdps example --now 1970-01-01T00:00:00\.000Z \|.* -H "Authorization: Bearer eyJ\.x+" /,
    );
    expect(pushLine({ ...init, url: "http://[::1]:8080" })).toContain(" 'http://[::1]:8080/v1/");
  });
});

it.each([
  ["/plain/path-1.2", "/plain/path-1.2"],
  ["", "''"],
  ["a b", "'a b'"],
  ["$HOME", "'$HOME'"],
  ["it's", "'it'\\''s'"],
])("a shell reads %j from %s", (word, expected) => {
  expect(quoted(word)).toBe(expected);
});
