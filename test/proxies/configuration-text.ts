import { readFileSync } from "node:fs";

const page = new URL("../../docs/proxies.md", import.meta.url);

/** A replacement in the text of a configuration. `from` must occur. */
export type Edit = readonly [from: string | RegExp, to: string];

/** Returns the configuration of docs/proxies.md that the comment `<!-- configuration: NAME -->` marks. */
export function documentedConfiguration(name: string): string {
  const marker = `<!-- configuration: ${name} -->\n`;
  const [, after] = readFileSync(page, "utf8").split(marker);
  const [, text] = /^```\w*\n([\s\S]*?\n)```\n/.exec(after ?? "") ?? [];
  if (text === undefined) {
    throw new Error(`docs/proxies.md has no configuration after ${marker.trim()}`);
  }
  return text;
}

/** Applies edits in order. Throws if a text to replace does not occur, because the edit would then test nothing. */
export function edited(text: string, edits: readonly Edit[]): string {
  return edits.reduce((before, [from, to]) => {
    const found = typeof from === "string" ? before.includes(from) : from.test(before);
    if (!found) {
      throw new Error(`the configuration has no ${from} to replace with ${to}:\n${before}`);
    }
    return before.replaceAll(from, to);
  }, text);
}
