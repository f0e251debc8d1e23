import { stringify } from "yaml";
import type { SettingValue } from "./layer.ts";
import { printableValue } from "./redact.ts";
import type { ResolvedConfig } from "./resolve.ts";
import { settings } from "./settings.ts";

/** Lists all settings, including those without a value, which is then null. Redacts passwords. */
export function listConfig({ values }: ResolvedConfig) {
  return settings.map(({ path }) => {
    const given = values.find(({ setting }) => setting.path === path);
    return { path, value: given ? printableValue(given) : null, source: given?.source.name ?? "default" };
  });
}

/** Formats a configuration as a YAML file that yields the same configuration. Comments name the sources of values. */
export function configYaml({ values }: ResolvedConfig): string {
  const lines: string[] = [];
  let open: readonly string[] = [];
  for (const { path } of settings) {
    const given = values.find(({ setting }) => setting.path === path);
    if (given === undefined) {
      continue;
    }
    const names = path.split(".");
    const parents = names.slice(0, -1);
    const changed = parents.findIndex((name, depth) => open[depth] !== name);
    for (let depth = changed === -1 ? parents.length : changed; depth < parents.length; depth++) {
      lines.push(`${indent(depth)}${parents[depth]}:`);
    }
    open = parents;
    lines.push(...linesOf(given, names.at(-1) ?? "", indent(parents.length)));
  }
  return `${lines.join("\n")}\n`;
}

// Values stay on one line, so that a comment can follow them.
const style = { lineWidth: 0, blockQuote: false, flowCollectionPadding: false };

function linesOf(given: SettingValue, name: string, margin: string): string[] {
  const value = printableValue(given);
  const comment = `  # ${given.source.name.replaceAll(/[\r\n]/g, " ")}`;
  const isObject = typeof value === "object" && value !== null && Object.keys(value).length > 0;
  if (isObject && given.setting.readItem === undefined) {
    const text = stringify(value, style).trimEnd();
    return [`${margin}${name}:${comment}`, ...text.split("\n").map((line) => `${margin}  ${line}`)];
  }
  const text = stringify(value, { ...style, collectionStyle: "flow" });
  return [`${margin}${name}: ${text.trimEnd()}${comment}`];
}

function indent(depth: number): string {
  return "  ".repeat(depth);
}
