import type { Layer, Problem, SettingValue, Source } from "../layer.ts";
import type { Setting } from "../settings.ts";
import { ValueError } from "../value-error.ts";

/** The text of a variable or flag; several texts of a repeated flag. */
export type SettingText = {
  readonly setting: Setting;
  readonly text: string | readonly string[];
  readonly source: Source;
  /** Appended to the message if the text is invalid. */
  readonly hint?: string;
};

/** Parses texts as values of their settings. */
export function parseTexts(texts: readonly SettingText[]): Layer {
  const values: SettingValue[] = [];
  const problems: Problem[] = [];
  for (const { setting, text, source, hint = "" } of texts) {
    try {
      const { read, readItem = read } = setting;
      const value = typeof text === "string" ? read(text) : text.map(readItem);
      values.push({ setting, value, source });
    } catch (error) {
      if (!(error instanceof ValueError)) {
        throw error;
      }
      problems.push({ source, path: setting.path, message: error.message + hint });
    }
  }
  return { values, problems };
}
