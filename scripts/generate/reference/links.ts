import type { DescEnum, DescFile, DescMessage, DescService } from "@bufbuild/protobuf";
import { anchorOf, code, escaped, mapProse } from "./markdown.ts";

/** A type or service of the contract. */
export type Subject = DescMessage | DescEnum | DescService;

/** Links between the pages of the reference. */
export type Links = {
  /** Returns the link to a type of the contract, or to the documentation of a type of Google. */
  to(subject: Subject, from: string): string;
  /** Returns the link to a value of an enum that has a heading of its own. */
  toReason(name: string, from: string): string;
  /** Returns the text of a comment as Markdown, with links to what it names. */
  prose(text: string, from: string): string;
};

/** The name of a type as headings have it: without its package. */
export function headingOf({ typeName, file }: Subject): string {
  const name = file.proto.package;
  return typeName.slice(name === "" ? 0 : name.length + 1);
}

/** Returns the page of a file, such as `plan-status-service.md`. */
export function pageOf({ name }: DescFile): string {
  return `${name.slice(name.lastIndexOf("/") + 1).replaceAll("_", "-")}.md`;
}

/** Returns all messages and enums of a file, nested ones too, in the order of the file. */
export function typesOf(file: DescFile): (DescMessage | DescEnum)[] {
  const nested = (message: DescMessage): (DescMessage | DescEnum)[] => [
    message,
    ...message.nestedEnums,
    // The entries of a map are a type that no source names.
    ...message.nestedMessages.filter(({ proto }) => !proto.options?.mapEntry).flatMap(nested),
  ];
  return [...file.messages.flatMap(nested), ...file.enums];
}

/** Creates the links. Throws if two files would have the same page. */
export function createLinks(files: readonly DescFile[], reasonEnum: DescEnum | undefined): Links {
  const targets = new Map<string, string>();
  const short = new Map<string, string>();
  // Names that no text uses in another sense. Those of messages are words: YouTube is also a company.
  const methods = new Map<string, string>();
  const constants = new Map<string, string>();
  const pages = new Set<string>();
  for (const file of files) {
    const page = pageOf(file);
    if (pages.has(page)) {
      throw new Error(`several files have the page ${page}`);
    }
    pages.add(page);
    for (const subject of [...file.services, ...typesOf(file)]) {
      const target = `${page}#${anchorOf(headingOf(subject))}`;
      targets.set(subject.typeName, target);
      short.set(headingOf(subject), target);
      for (const { name } of subject.kind === "service" ? subject.methods : []) {
        short.set(`${headingOf(subject)}.${name}`, `${page}#${anchorOf(name)}`);
        methods.set(name, `${page}#${anchorOf(name)}`);
      }
      for (const { name } of subject.kind === "enum" ? subject.values : []) {
        constants.set(name, subject === reasonEnum ? `${page}#${anchorOf(name)}` : target);
      }
    }
  }
  const relative = (target: string, from: string) =>
    target.startsWith(`${from}#`) ? target.slice(from.length) : target;
  const named = (name: string) =>
    short.get(name) ?? methods.get(name) ?? short.get(name.split(".")[0] ?? "") ?? constants.get(name);

  return {
    to(subject, from) {
      const target = targets.get(subject.typeName);
      return target === undefined
        ? foreignLink(subject)
        : `[${headingOf(subject)}](${relative(target, from)})`;
    },
    toReason(name, from) {
      const target = constants.get(name);
      return target === undefined ? code(name) : `[${name}](${relative(target, from)})`;
    },
    prose: (text, from) =>
      mapProse(text, {
        code(span) {
          const target = named(span.slice(1, -1));
          return target === undefined ? span : `[${span}](${relative(target, from)})`;
        },
        text: (part) =>
          escaped(part).replaceAll(/\b[A-Za-z]\w+\b/g, (word) => {
            const target = methods.get(word) ?? constants.get(word);
            return target === undefined ? word : `[${word}](${relative(target, from)})`;
          }),
      }),
  };
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
