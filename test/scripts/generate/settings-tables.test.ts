import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { beforeAll, describe, expect, it } from "vitest";
import {
  describedServerConfig,
  meaningOf,
  settingsTables,
} from "../../../scripts/generate/settings-tables.ts";
import { defaultOf } from "../../../src/config/defaults.ts";
import { settings } from "../../../src/config/settings.ts";

describe("the contract's words about settings", () => {
  let config: ReturnType<typeof describedServerConfig>;

  beforeAll(() => {
    config = describedServerConfig();
  });

  it("are those of docs/configuration.md", () => {
    const text = readFileSync(join(import.meta.dirname, "../../../docs/configuration.md"), "utf8");
    // If this fails: node scripts/generate/write-settings.ts
    expect(text).toContain(`<!-- settings -->\n\n${settingsTables(config)}\n\n<!-- /settings -->`);
  });

  it("name the defaults that hold", () => {
    const figures = settings.flatMap((setting) => {
      const value = defaultOf(setting.path);
      const { defaultText } = meaningOf(config, setting);
      return value === undefined || Array.isArray(value)
        ? []
        : [
            {
              path: setting.path,
              value,
              said: figureOf(defaultText ?? "", setting.field.message !== undefined),
            },
          ];
    });
    expect(figures.length).toBeGreaterThan(20);
    expect(figures.map(({ path, said }) => [path, said])).toEqual(
      figures.map(({ path, value }) => [path, value]),
    );
  });

  it("name no default of what has none", () => {
    const others = settings.filter(({ path }) => defaultOf(path) === undefined);
    const figures = others.flatMap((setting) => meaningOf(config, setting).defaultText ?? []);
    expect(figures.filter((text) => /^(\d|`|true|false)/.test(text))).toEqual([]);
    expect(others.some(({ field }) => field.message?.typeName === DurationSchema.typeName)).toBe(false);
  });
});

const units: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 * 1024, ms: 0.001, s: 1 };

/** Reads `16 KiB`, `500 ms`, `4,096` or `127.0.0.1, which only this machine can reach` as the default that it stands for. */
function figureOf(words: string, isDuration: boolean): string | number | boolean {
  const [text = ""] = words.split(/,\s/);
  const [, digits, unit = ""] = /^([\d,]+)(?: (\w+))?$/.exec(text) ?? [];
  if (digits !== undefined) {
    const number = Number(digits.replaceAll(",", "")) * (units[unit] ?? 1);
    return isDuration ? `${number}s` : number;
  }
  return text === "true" || text === "false" ? text === "true" : text.replaceAll("`", "");
}
