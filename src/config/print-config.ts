import type { JsonValue } from "@bufbuild/protobuf";
import { stringify } from "yaml";
import type { Given } from "./layer.ts";
import type { ResolvedConfig } from "./resolve.ts";
import { settings } from "./settings.ts";
import { shownValue } from "./shown-value.ts";

/** A setting as `mdps config print --json` shows it. */
export type PrintedSetting = {
  readonly path: string;
  /** As JSON; null if the setting has no value. */
  readonly value: JsonValue;
  /** `default`, or the file, variable or flag. */
  readonly source: string;
};

/** Lists all settings, those without a value included. No value has a password. */
export function listConfig({ values }: ResolvedConfig): PrintedSetting[] {
  return settings.map(({ path }) => {
    const given = values.find(({ setting }) => setting.path === path);
    return { path, value: given ? shownValue(given) : null, source: given?.source.name ?? "default" };
  });
}

/** Writes a configuration as a file that gives the same again; a comment on each line says where the value was from. */
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
    const kept = parents.findIndex((name, depth) => open[depth] !== name);
    for (let depth = kept === -1 ? parents.length : kept; depth < parents.length; depth++) {
      lines.push(`${indent(depth)}${parents[depth]}:`);
    }
    open = parents;
    lines.push(...linesOf(given, names.at(-1) ?? "", indent(parents.length)));
  }
  return `${lines.join("\n")}\n`;
}

// A text of several lines would hide the comment within it.
const style = { lineWidth: 0, blockQuote: false, flowCollectionPadding: false };

function linesOf(given: Given, name: string, margin: string): string[] {
  const value = shownValue(given);
  const comment = `  # ${given.source.name.replaceAll(/[\r\n]/g, " ")}`;
  const isLong = typeof value === "object" && given.setting.readItem === undefined && !isEmpty(value);
  if (!isLong) {
    const text = stringify(value, { ...style, collectionStyle: "flow" });
    return [`${margin}${name}: ${text.trimEnd()}${comment}`];
  }
  const text = stringify(value, style).trimEnd();
  return [`${margin}${name}:${comment}`, ...text.split("\n").map((line) => `${margin}  ${line}`)];
}

function isEmpty(value: JsonValue): boolean {
  return value === null || Object.keys(value).length === 0;
}

function indent(depth: number): string {
  return "  ".repeat(depth);
}
