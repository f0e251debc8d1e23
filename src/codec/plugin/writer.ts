import type { DescEnum } from "@bufbuild/protobuf";
import type { GeneratedFile, Printable } from "@bufbuild/protoplugin";
import type { MessageValue } from "./fields.ts";

/** A piece of generated code. */
export type Code = Printable[];

/** Joins text and code. */
export function code(texts: TemplateStringsArray, ...parts: readonly (Printable | Code)[]): Code {
  return texts.flatMap((text, index) => [text, ...(index < parts.length ? [parts[index] as Printable] : [])]);
}

export type FunctionKind = "decode" | "encode" | "read" | "write";

/** What the generators of functions need of the module that they write to. */
export type Module = {
  readonly file: GeneratedFile;
  /** Limit of the lists and maps that have none of their own. */
  readonly maxItems: number | undefined;
  /** Returns a name that the runtime exports. */
  runtime(name: string): Printable;
  /** Returns the name of a function of the messages that a value is, imported or generated in this module. */
  functionOf(kind: FunctionKind, value: MessageValue): Printable;
  /** Returns the name of the variable with the names of an enum. */
  namesOf(desc: DescEnum): Printable;
};
