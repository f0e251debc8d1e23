import type { DescMessage } from "@bufbuild/protobuf";
import type { Block, Inline } from "../../../src/console/contract/document.ts";
import { plainText } from "../../../src/console/contract/plain-text.ts";
import { firstSentence } from "../../generate/describe/description.ts";
import { blocksOf } from "../../generate/reference/markdown.ts";
import type { Named, Names } from "../../generate/reference/names.ts";

/** Where a comment stands: what it names is looked up here. */
export type Scope = {
  readonly names: Names;
  /** The message whose fields it may name. */
  readonly message?: DescMessage;
};

/** Returns a description as blocks, and its first sentence. */
export function commentOf(
  description: string | undefined,
  scope: Scope,
): { readonly summary: string; readonly comment: Block[] } {
  const comment = blocksIn(description ?? "", scope);
  const [first] = comment;
  const summary = first?.kind === "paragraph" ? firstSentence(plainText(first.text)) : "";
  return { summary, comment };
}

/** Returns a description in the subset of Markdown that comments use: paragraphs, lists, code and links. */
export function blocksIn(description: string, scope: Scope): Block[] {
  return blocksOf(description).flatMap(({ kind, text }): Block[] => {
    if (text.trim() === "") {
      return [];
    }
    return kind === "code" ? [{ kind: "example", code: text }] : textBlocks(text, scope);
  });
}

const itemStart = /^\s*(?:[-*+]|\d+\.)\s+/;

function textBlocks(text: string, scope: Scope): Block[] {
  const groups: { isList: boolean; lines: string[] }[] = [];
  for (const line of text.split("\n")) {
    const last = groups.at(-1);
    if (itemStart.test(line)) {
      const item = line.replace(itemStart, "");
      if (last?.isList) {
        last.lines.push(item);
      } else {
        groups.push({ isList: true, lines: [item] });
      }
    } else if (last !== undefined) {
      last.lines.push(`${last.lines.pop()} ${line.trim()}`);
    } else {
      groups.push({ isList: false, lines: [line.replace(/^#+ /, "").trim()] });
    }
  }
  return groups.map(({ isList, lines }): Block => {
    const texts = lines.map((line) => inlineText(line, scope));
    return isList ? { kind: "list", items: texts } : { kind: "paragraph", text: texts.flat() };
  });
}

/** A code span, a link with an address, a link with a reference, or an address. */
const special =
  /`[^`]+`|\[[^\]]+\]\(\s*https?:(?:\(\)|[^()\s])+\s*\)|\[[^\]]+\]\[[^\]]*\]|https?:\/\/[^\s<>)"`]*[^\s<>)"`.,;:]/g;

/** Returns text with its code and links, and links to what it names. */
export function inlineText(text: string, scope: Scope): Inline[] {
  const parts: Inline[] = [];
  let end = 0;
  for (const match of text.matchAll(special)) {
    parts.push(...words(text.slice(end, match.index), scope), specialPart(match[0], scope));
    end = match.index + match[0].length;
  }
  return joined([...parts, ...words(text.slice(end), scope)]);
}

function specialPart(source: string, scope: Scope): Inline {
  if (source.startsWith("`")) {
    return codePart(source.slice(1, -1), scope);
  }
  const [, marked = "", href] = /^\[([^\]]+)\](?:\(\s*(.+?)\s*\)$)?/.exec(source) ?? [];
  const text = marked.replaceAll("`", "");
  if (text === "") {
    return { text: source, href: source };
  }
  return href === undefined ? text : { text, href };
}

function codePart(code: string, scope: Scope): Inline {
  const field = fieldIn(scope.message, code);
  const to = field ?? dotted(code, scope) ?? fullNameOf(scope.names.inCode(code));
  return to === undefined ? { code } : { code, to };
}

function words(text: string, scope: Scope): Inline[] {
  return text.split(/\b([A-Za-z]\w+(?:\.\w+)*)\b/).flatMap((part, index): Inline[] => {
    if (index % 2 === 0) {
      return [part];
    }
    const to = dotted(part, scope);
    return to === undefined
      ? part.split(/(\w+)/).flatMap((word) => wordPart(word, scope))
      : [{ text: part, to }];
  });
}

function wordPart(word: string, { names }: Scope): Inline[] {
  const to = fullNameOf(names.inText(word));
  return to === undefined ? [word] : [{ text: word, to }];
}

/** Returns the full name of what a type and its member name, such as `PlanModule.byte_balance`. */
function dotted(name: string, { names }: Scope): string | undefined {
  const [type = "", member = "", ...rest] = name.split(".");
  const named = rest.length === 0 && member !== "" ? names.inCode(type) : undefined;
  if (named?.kind === "message") {
    return fieldIn(named, member);
  }
  const members = named?.kind === "service" ? named.methods : named?.kind === "enum" ? named.values : [];
  return fullNameOf(members.find((each) => each.name === member));
}

function fieldIn(message: DescMessage | undefined, written: string): string | undefined {
  const field = message?.fields.find(({ name, jsonName }) => name === written || jsonName === written);
  return field && `${field.parent.typeName}.${field.name}`;
}

function fullNameOf(named: Named | undefined): string | undefined {
  if (named === undefined) {
    return undefined;
  }
  switch (named.kind) {
    case "rpc":
    case "enum_value":
      return `${named.parent.typeName}.${named.name}`;
    default:
      return named.typeName;
  }
}

/** Joins neighbouring pieces of plain text. */
function joined(parts: readonly Inline[]): Inline[] {
  const result: Inline[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (typeof part === "string" && typeof last === "string") {
      result[result.length - 1] = last + part;
    } else if (part !== "") {
      result.push(part);
    }
  }
  return result;
}
