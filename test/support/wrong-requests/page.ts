/** A wrong request and its error, as a row of the page. */
export type Row = {
  readonly what: string;
  /** HTTP status, or over gRPC the name of the code. */
  readonly status: string;
  /** Name of the reason; empty if the error has none. */
  readonly reason: string;
  readonly message: string;
};

export type Section = { readonly heading: string; readonly text?: string; readonly rows: readonly Row[] };

/** The command that writes the page. */
export const writeCommand = "MDPS_WRITE_FIGURES=1 npx vitest run --project unit test/server/wrong-requests";

/** Returns the page `docs/pushing/wrong-requests.md`. */
export function pageOf(sections: readonly Section[]): string {
  const count = sections.reduce((sum, { rows }) => sum + rows.length, 0);
  return [
    `<!-- Written by a test: ${writeCommand}. Do not edit. -->`,
    "# Wrong requests and their errors",
    [
      `${count} mistakes in a push, each sent to a server, and the error that comes back: its HTTP status, the reason`,
      "(`ErrorInfo.reason`) and the message. An error that names several violations lists all of them in",
      "`BadRequest.field_violations`; the message has the first. [All reasons](../reference/errors.md). `mdps validate` finds",
      "the mistakes in fields and values without a server.",
    ].join("\n"),
    ...sections.map(sectionText),
  ].join("\n\n");
}

function sectionText({ heading, text, rows }: Section): string {
  const lines = rows.map(
    ({ what, status, reason, message }) =>
      `| ${what} | ${status} | ${reason === "" ? "–" : `\`${reason}\``} | ${escaped(message)} |`,
  );
  const table = ["| Mistake | Status | Reason | Message |", "| --- | --- | --- | --- |", ...lines].join("\n");
  return [`## ${heading}`, ...(text === undefined ? [] : [text]), table, ""].join("\n\n").trimEnd();
}

/** Returns a text so that Markdown shows it as it is. */
function escaped(text: string): string {
  return text.replace(/[\\|<>*_[\]]/g, "\\$&");
}
