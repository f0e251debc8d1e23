import { closestMatch, didYouMean } from "../../contract/unknown-names/did-you-mean.ts";
import type { Layer, Problem, SettingValue, Source } from "../layer.ts";
import { type Setting, settingAt, settings } from "../settings.ts";
import { parseTexts, type SettingText } from "./parse-texts.ts";

/** The settings on a command line. */
export type CommandLineSettings = {
  /** Values of flags by path: a text, several of a repeatable flag, or the meaning of a flag without value. */
  readonly flags: ReadonlyMap<string, string | readonly string[] | boolean>;
  /** Arguments of `--set`: `path=value`. The last one for a path wins. */
  readonly sets: readonly string[];
};

/** Reads the settings on a command line. A setting may not be set both by its flag and by `--set`. */
export function commandLineLayer({ flags, sets }: CommandLineSettings): Layer {
  const texts: SettingText[] = [];
  const values: SettingValue[] = [];
  const problems: Problem[] = [];
  for (const [path, value] of flags) {
    const setting = settingAt(path);
    if (setting?.flag === undefined) {
      throw new Error(`${path} has no flag`);
    }
    const source: Source = { layer: "flag", name: setting.flag.long };
    if (typeof value === "boolean") {
      values.push({ setting, value, source });
    } else {
      texts.push({ setting, text: value, source });
    }
  }
  for (const { setting, text } of parseSets(sets, problems)) {
    if (flags.has(setting.path)) {
      problems.push({ source, path: setting.path, message: `is also set by ${setting.flag?.long}` });
    } else {
      texts.push({ setting, text, source });
    }
  }
  const parsed = parseTexts(texts);
  return { values: [...values, ...parsed.values], problems: [...problems, ...parsed.problems] };
}

const source: Source = { layer: "flag", name: "--set" };

function parseSets(sets: readonly string[], problems: Problem[]): { setting: Setting; text: string }[] {
  const texts = new Map<string, { setting: Setting; text: string }>();
  for (const set of sets) {
    const [, path, text = ""] = /^([A-Za-z.]+)=(.*)$/s.exec(set) ?? [];
    const setting = path && settingAt(path);
    if (!path) {
      // The argument is not quoted because it may be a URL with a password.
      problems.push({ source, path: "", message: "must be path=value, such as limits.maxInFlight=100" });
    } else if (!setting) {
      problems.push({ source, path, message: `unknown setting${didYouMean(similarPath(path))}` });
    } else {
      texts.set(path, { setting, text });
    }
  }
  return [...texts.values()];
}

function similarPath(path: string): string | undefined {
  const paths = settings.map((setting) => setting.path);
  return (
    paths.find((each) => each.startsWith(`${path}.`)) ??
    closestMatch(path, paths) ??
    paths.find((each) => each.endsWith(`.${path}`))
  );
}
