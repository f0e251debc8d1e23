/** A wrong command line and what it prints, as a row of the page. */
export type Row = {
  readonly what: string;
  readonly line: string;
  readonly exitCode: number | null;
  readonly message: string;
};

/** The command that writes the page. */
export const writeCommand = "MDPS_WRITE_FIGURES=1 npx vitest run --project e2e test/e2e/wrong-commands";

/** Returns the page `docs/pushing/wrong-commands.md`. */
export function pageOf(sections: readonly (readonly [heading: string, rows: readonly Row[]])[]): string {
  const count = sections.reduce((sum, [, rows]) => sum + rows.length, 0);
  return [
    `<!-- Written by a test: ${writeCommand}. Do not edit. -->`,
    "# Wrong command lines and their messages",
    [
      `${count} mistakes on the command line, each run, with the exit code and the first line that it prints. \`$URL\` is the`,
      "URL of a server, and `TOKEN` is a token that may push to it. [All exit codes of `mdps push`](../pushing.md#7-ten-million).",
      "[Wrong requests](wrong-requests.md) has the errors of a server.",
    ].join("\n"),
    ...sections.flatMap(([heading, rows]) => [
      `## ${heading}`,
      [
        "| Mistake | Command line | Exit code | Message |",
        "| --- | --- | --- | --- |",
        ...rows.map(
          ({ what, line, exitCode, message }) =>
            `| ${what} | \`${line.replaceAll("|", "\\|")}\` | ${exitCode} | ${escaped(message)} |`,
        ),
      ].join("\n"),
    ]),
  ].join("\n\n");
}

/** Returns a text so that Markdown shows it as it is. */
function escaped(text: string): string {
  return text.replace(/[\\|<>*_[\]]/g, "\\$&");
}
