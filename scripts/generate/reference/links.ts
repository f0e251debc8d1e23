import type { DescEnum, DescFile } from "@bufbuild/protobuf";
import { anchorOf, code, escaped, mapProse } from "./markdown.ts";
import { createNames, headingOf, type Named, type Subject, typesOf } from "./names.ts";

/** Links between the pages of the reference. */
export type Links = {
  /** Returns the link to a type of the contract, or to the documentation of a type of Google. */
  to(subject: Subject, from: string): string;
  /** Returns the link to a value of an enum that has a heading of its own. */
  toReason(name: string, from: string): string;
  /** Returns the text of a comment as Markdown, with links to what it names. */
  prose(text: string, from: string): string;
};

/** Returns the page of a file, such as `plan-status-service.md`. */
export function pageOf({ name }: DescFile): string {
  return `${name.slice(name.lastIndexOf("/") + 1).replaceAll("_", "-")}.md`;
}

/** Creates the links. Throws if two files would have the same page. */
export function createLinks(files: readonly DescFile[], reasonEnum: DescEnum | undefined): Links {
  const names = createNames(files);
  const described = new Set<Subject>(files.flatMap((file) => [...file.services, ...typesOf(file)]));
  checkPages(files);
  const targetOf = (named: Named): string => {
    switch (named.kind) {
      case "rpc":
        return `${pageOf(named.parent.file)}#${anchorOf(named.name)}`;
      case "enum_value":
        return named.parent === reasonEnum
          ? `${pageOf(named.parent.file)}#${anchorOf(named.name)}`
          : targetOf(named.parent);
      default:
        return `${pageOf(named.file)}#${anchorOf(headingOf(named))}`;
    }
  };
  const linked = (shown: string, named: Named | undefined, from: string): string | undefined => {
    const target = named && targetOf(named);
    return target && `[${shown}](${target.startsWith(`${from}#`) ? target.slice(from.length) : target})`;
  };

  return {
    to: (subject, from) =>
      (described.has(subject) ? linked(headingOf(subject), subject, from) : undefined) ??
      foreignLink(subject),
    toReason: (name, from) => linked(name, names.constant(name), from) ?? code(name),
    prose: (text, from) =>
      mapProse(text, {
        code: (span) => linked(span, names.inCode(span.slice(1, -1)), from) ?? span,
        text: (part) =>
          escaped(part).replaceAll(
            /\b[A-Za-z]\w+\b/g,
            (word) => linked(word, names.inText(word), from) ?? word,
          ),
      }),
  };
}

function checkPages(files: readonly DescFile[]): void {
  for (const [page, { length }] of Map.groupBy(files, pageOf)) {
    if (length > 1) {
      throw new Error(`several files have the page ${page}`);
    }
  }
}

/** Returns the link to the source of a type that the contract imports. */
function foreignLink({ typeName, file }: Subject): string {
  if (typeName.startsWith("google.protobuf.")) {
    const name = typeName.slice("google.protobuf.".length);
    return `[${name}](https://protobuf.dev/reference/protobuf/google.protobuf/#${anchorOf(name)})`;
  }
  return typeName.startsWith("google.")
    ? `[${typeName}](https://github.com/googleapis/googleapis/blob/master/${file.name}.proto)`
    : code(typeName);
}
