import { once } from "node:events";

/** Prints a line to standard output, and waits while whoever reads it is slower. */
export async function printLine(text: string): Promise<void> {
  if (!process.stdout.write(`${text}\n`)) {
    await once(process.stdout, "drain");
  }
}
