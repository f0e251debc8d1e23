import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hereDocument, isLong, shellQuoted, shellWord } from "../../../src/console/snippets/shell.ts";

/** Runs a script with a POSIX shell, and returns what it printed. */
function sh(script: string): string {
  const { status, stdout, stderr } = spawnSync("sh", [], {
    input: script,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return stdout;
}

/** Any text that a JSON text may have, with what shells treat specially more often than by chance. */
const texts = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom(
        "'",
        '"',
        "$HOME",
        "`id`",
        "\\",
        "\n",
        "\r\n",
        "--",
        "-x",
        "!",
        "*",
        "~",
        "{a,b}",
        "$'",
        "\t",
        "END",
        "#",
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join("").replaceAll("\0", "").toWellFormed());

describe("the quoting of snippets", () => {
  it("leaves every text as it is in a POSIX shell", () => {
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 60 }), (words) => {
        const printed = sh(
          `printf '%s\\0' ${words.map(shellWord).join(" ")} ${words.map(shellQuoted).join(" ")}`,
        );
        expect(printed.split("\0").slice(0, -1)).toEqual([...words, ...words]);
      }),
      { numRuns: 15 },
    );
  });

  it("passes every text to a command in a here-document", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { redirection, lines } = hereDocument(text);
        expect(sh(`cat ${redirection}${lines}\n`)).toBe(`${text}\n`);
      }),
      { numRuns: 30, examples: [["END\nEND_"], [""], ["a\n"]] },
    );
  });

  it("counts bytes and not characters for the length of an argument", () => {
    expect([isLong("ü".repeat(50_000)), isLong("ü".repeat(50_001)), isLong("a".repeat(100_000))]).toEqual([
      false,
      true,
      false,
    ]);
  });
});
