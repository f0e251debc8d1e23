import { once } from "node:events";
import { escapeInvisible } from "../../contract/field-violation.ts";

/** The option `--json`, as the arguments of `Command.option`. */
export const jsonOption = ["--json", "print the result as JSON"] as const;

/** Prints a result to standard output: `value` as JSON if `json` is set, else `text`. */
export function print(json: boolean | undefined, value: object, text: string): void {
  console.log(json ? escapeInvisible(JSON.stringify(value)) : text);
}

/** Prints a line to standard output and waits until the reader has caught up. */
export async function printLine(text: string): Promise<void> {
  if (!process.stdout.write(`${text}\n`)) {
    await once(process.stdout, "drain");
  }
}

/** Returns a text whose invisible characters are escaped, except line feeds. JSON stays the same document. */
export function visibleLines(text: string): string {
  return text.split("\n").map(escapeInvisible).join("\n");
}
