import type { Fault, Given, Layer, Source } from "./layer.ts";
import { nearest } from "./nearest.ts";
import { type Setting, settingAt, settings } from "./settings.ts";
import { type GivenText, readInto } from "./text-layer.ts";

/** What the command line gives. */
export type GivenFlags = {
  /** By the path of the setting: a text, several of a flag that may be repeated, or what a flag without value means. */
  readonly values: ReadonlyMap<string, string | readonly string[] | boolean>;
  /** Each `path=value`; a later one wins. */
  readonly sets: readonly string[];
};

/** Reads what the command line gives. Giving a setting both by its flag and by --set is a fault. */
export function flagLayer({ values, sets }: GivenFlags): Layer {
  const texts: GivenText[] = [];
  const given: Given[] = [];
  const faults: Fault[] = [];
  for (const [path, value] of values) {
    const setting = settingAt(path);
    if (setting?.flag === undefined) {
      throw new Error(`${path} has no flag`);
    }
    const source = sourceOf(setting.flag.long);
    if (typeof value === "boolean") {
      given.push({ setting, value, source });
    } else {
      texts.push({ setting, text: value, source });
    }
  }
  for (const { setting, text } of readSets(sets, faults)) {
    if (values.has(setting.path)) {
      faults.push({ source, path: setting.path, message: `is given by ${setting.flag?.long} as well` });
    } else {
      texts.push({ setting, text, source });
    }
  }
  const read = readInto(texts);
  return { given: [...given, ...read.given], faults: [...faults, ...read.faults] };
}

const source = sourceOf("--set");

function readSets(sets: readonly string[], faults: Fault[]): { setting: Setting; text: string }[] {
  const texts = new Map<string, { setting: Setting; text: string }>();
  for (const each of sets) {
    const [, path, text = ""] = /^([A-Za-z.]+)=(.*)$/s.exec(each) ?? [];
    const setting = path && settingAt(path);
    if (!path) {
      // Not quoted: it may be a URL with a password.
      faults.push({ source, path: "", message: "must be path=value, such as limits.maxInFlight=100" });
    } else if (!setting) {
      faults.push({ source, path, message: unknownPath(path) });
    } else {
      texts.set(path, { setting, text });
    }
  }
  return [...texts.values()];
}

function unknownPath(path: string): string {
  const below = settings.filter((setting) => setting.path.startsWith(`${path}.`));
  const meant =
    below[0]?.path ??
    nearest(
      path,
      settings.map((setting) => setting.path),
    ) ??
    settings.find((setting) => setting.path.endsWith(`.${path}`))?.path;
  return `there is no such setting${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

function sourceOf(name: string): Source {
  return { layer: "flag", name };
}
