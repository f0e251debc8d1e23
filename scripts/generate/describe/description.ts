import type { AnyDesc, DescFile } from "@bufbuild/protobuf";
import { getComments, getSyntaxComments } from "@bufbuild/protoplugin";

/** Returns the leading comment of an element as CommonMark. */
export function descriptionOf(element: Exclude<AnyDesc, DescFile>): string | undefined {
  return descriptionIn(getComments(element).leading);
}

/** Returns the comment above `syntax`, which is about the whole file, as CommonMark. */
export function fileDescriptionOf(file: DescFile): string | undefined {
  return descriptionIn(getSyntaxComments(file).leading);
}

/** Returns the first sentence of a description. */
export function firstSentence(description = ""): string {
  const [paragraph = ""] = description.split("\n\n");
  return /^.*?\.(?=\s|$)/s.exec(paragraph)?.[0] ?? paragraph;
}

/**
 * Lines of a paragraph are joined, so that rewrapping a comment does not change the document. List items and indented
 * lines stay on their own line.
 */
function descriptionIn(text = ""): string | undefined {
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
