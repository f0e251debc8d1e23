import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { beforeAll, describe, expect, it } from "vitest";
import {
  commentOf,
  describedServerConfig,
  settingsTables,
} from "../../../scripts/generate/settings-tables.ts";
import { defaultOf } from "../../../src/config/defaults.ts";
import { settings } from "../../../src/config/settings.ts";

describe("settingsTables", () => {
  let config: ReturnType<typeof describedServerConfig>;

  beforeAll(() => {
    config = describedServerConfig();
  });

  it("docs/configuration.md has the settings tables that the contract generates", () => {
    const text = readFileSync(join(import.meta.dirname, "../../../docs/configuration.md"), "utf8");
    // If this fails, run: node scripts/generate/write-settings.ts
    expect(text).toContain(`<!-- settings -->\n\n${settingsTables(config)}\n\n<!-- /settings -->`);
  });

  it("proto comments of settings state the default of the server", () => {
    const figures = settings.flatMap((setting) => {
      const value = defaultOf(setting.path);
      const { defaultText } = commentOf(config, setting);
      return value === undefined || Array.isArray(value)
        ? []
        : [
            {
              path: setting.path,
              value,
              documented: figureOf(defaultText ?? "", setting.field.message !== undefined),
            },
          ];
    });
    expect(figures.length).toBeGreaterThan(20);
    expect(figures.map(({ path, documented }) => [path, documented])).toEqual(
      figures.map(({ path, value }) => [path, value]),
    );
  });

  it("proto comments state no default value for settings without a default", () => {
    const others = settings.filter(({ path }) => defaultOf(path) === undefined);
    const figures = others.flatMap((setting) => commentOf(config, setting).defaultText ?? []);
    expect(figures.filter((text) => /^(\d|`|true|false)/.test(text))).toEqual([]);
    expect(others.some(({ field }) => field.message?.typeName === DurationSchema.typeName)).toBe(false);
  });
});

const units: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 * 1024, ms: 0.001, s: 1 };

/** Parses a documented default: `16 KiB`, `500 ms`, `4,096` or `127.0.0.1, which only this machine can reach`. */
function figureOf(words: string, isDuration: boolean): string | number | boolean {
  const [text = ""] = words.split(/,\s/);
  const [, digits, unit = ""] = /^([\d,]+)(?: (\w+))?$/.exec(text) ?? [];
  if (digits !== undefined) {
    const number = Number(digits.replaceAll(",", "")) * (units[unit] ?? 1);
    return isDuration ? `${number}s` : number;
  }
  return text === "true" || text === "false" ? text === "true" : text.replaceAll("`", "");
}
