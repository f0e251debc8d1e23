import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { devCommand } from "../../../src/cli/commands/dev.ts";
import { flags } from "../../../src/config/flags.ts";

it("docs/emulator.md has the options of mdps dev that are not settings, as the help describes them", () => {
  const settings = new Set([...Object.values(flags).map(({ long }) => long), "--set", "--config"]);
  const options = devCommand().options.filter(({ long }) => long && !settings.has(long));
  const rows = options.map(
    ({ flags: written, description }) => `| \`${written.replaceAll("|", "\\|")}\` | ${description} |`,
  );
  expect(rows.length).toBeGreaterThan(8);
  const guide = readFileSync(new URL("../../../docs/emulator.md", import.meta.url), "utf8");
  const [, table = ""] = /<!-- options: dev -->\n\| option .*\n\| --- .*\n((?:\|.*\n)+)/.exec(guide) ?? [];
  expect(table.trimEnd().split("\n")).toEqual(rows);
});
