import type { Inline } from "./document.ts";

/** Returns text without its links and marks. */
export function plainText(text: readonly Inline[]): string {
  return text
    .map((part) => (typeof part === "string" ? part : "code" in part ? part.code : part.text))
    .join("");
}
