import type { AnyDesc, DescFile } from "@bufbuild/protobuf";
import { getComments } from "@bufbuild/protoplugin";

/**
 * The leading comment of an element, as CommonMark: lines of a paragraph are joined, so that wrapping a comment
 * anew leaves the document as it is; list items and indented lines keep their own line.
 */
export function descriptionOf(element: Exclude<AnyDesc, DescFile>): string | undefined {
  const text = getComments(element).leading ?? "";
  const lines = text.split("\n").map((line) => line.replace(/^ /, "").trimEnd());
  return lines.reduce(append, "").trim() || undefined;
}

function append(text: string, line: string): string {
  const startsBlock = line === "" || /^(\s|[-*+] |\d+\. )/.test(line);
  const follows = text !== "" && !text.endsWith("\n");
  if (line === "") {
    return follows ? `${text}\n\n` : text;
  }
  if (!follows) {
    return text + line;
  }
  return startsBlock ? `${text}\n${line}` : `${text} ${line}`;
}
