import { readFileSync, writeFileSync } from "node:fs";

/** What a suite measured, for its own section of docs/compatibility.md. */
export type Figures = {
  /** The section's heading, without `##`. It begins a section that is not in the page yet. */
  readonly heading: string;
  /** Arguments of `npm run test:all --` that write the section, without `--write`. */
  readonly command: string;
  /** The text below the heading. It depends on the results alone: no times, no machine. */
  readonly lines: readonly string[];
};

const committed = new URL("../../../docs/compatibility.md", import.meta.url);

/** Whether the suite runs with `--write`. `scripts/test-all.ts` sets the variable, because vitest rejects the argument. */
export const isWriting = process.env.MDPS_WRITE_FIGURES !== undefined || process.argv.includes("--write");

/**
 * Compares what a suite measured with its section of docs/compatibility.md. With `--write`, it replaces the section first.
 *
 * @param page - Where the page is. Only tests of this function change it.
 * @param write - Whether to replace the section.
 * @returns The lines that differ and how to write them, or undefined if the section is as measured.
 */
export function checkFigures(
  figures: Figures,
  page: URL | string = committed,
  write: boolean = isWriting,
): string | undefined {
  const text = readFileSync(page, "utf8");
  const expected = withSection(text, figures);
  if (write) {
    writeFileSync(page, expected);
    return undefined;
  }
  if (text === expected) {
    return undefined;
  }
  const [before, after] = [text, expected].map((each) => each.split("\n"));
  return [
    `docs/compatibility.md has other figures than this run in section ${JSON.stringify(figures.heading)}:`,
    ...(before ?? []).filter((line) => !after?.includes(line)).map((line) => `- ${line}`),
    ...(after ?? []).filter((line) => !before?.includes(line)).map((line) => `+ ${line}`),
    `Fix what changed them, or write them with: ${writeCommand(figures)}`,
  ].join("\n");
}

/** Returns the lines of a section of docs/compatibility.md, without its heading. */
export function committedFigures(heading: string): readonly string[] {
  const text = readFileSync(committed, "utf8");
  const section = sectionsOf(text).find((each) => headingOf(each) === heading);
  return section === undefined ? [] : section.trimEnd().split("\n").slice(1);
}

/** Returns the page with a section replaced, or added at the end. The other sections keep their bytes. */
export function withSection(page: string, figures: Figures): string {
  const { heading, lines } = figures;
  const [introduction = "", ...sections] = sectionsOf(page);
  const section = [`## ${heading}`, "", `<!-- ${writeCommand(figures)} -->`, "", ...lines].join("\n");
  const at = sections.findIndex((each) => headingOf(each) === heading);
  const replaced = at === -1 ? [...sections, section] : sections.with(at, section);
  return `${[introduction, ...replaced].map((each) => each.trimEnd()).join("\n\n")}\n`;
}

function writeCommand({ command }: Figures): string {
  return `npm run test:all -- ${command} --write`;
}

/** Splits a page before each heading of the second level. */
function sectionsOf(page: string): readonly string[] {
  return page.split(/^(?=## )/m);
}

function headingOf(section: string): string {
  return /^## (.*)/.exec(section)?.[1]?.trim() ?? "";
}
