import type { Fault, Given, Layer, Source } from "./layer.ts";
import type { Setting } from "./settings.ts";
import { TextFault } from "./text-fault.ts";

/** A text that somebody gave for a setting, or several for a list. */
export type GivenText = {
  readonly setting: Setting;
  readonly text: string | readonly string[];
  readonly source: Source;
  /** Said after what is wrong with it. */
  readonly hint?: string;
};

/** Reads texts as values of their settings. */
export function readInto(texts: readonly GivenText[]): Layer {
  const given: Given[] = [];
  const faults: Fault[] = [];
  for (const { setting, text, source, hint = "" } of texts) {
    try {
      const { read, readItem = read } = setting;
      const value = typeof text === "string" ? read(text) : text.map(readItem);
      given.push({ setting, value, source });
    } catch (error) {
      if (!(error instanceof TextFault)) {
        throw error;
      }
      faults.push({ source, path: setting.path, message: error.message + hint });
    }
  }
  return { given, faults };
}
