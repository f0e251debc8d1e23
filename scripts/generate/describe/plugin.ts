import type { DescFile } from "@bufbuild/protobuf";
import { createEcmaScriptPlugin, runNodeJs } from "@bufbuild/protoplugin";
import type { JsonObject } from "./json.ts";

/** A Buf plugin that writes one document for all files. buf must run it with `strategy: all`. */
export type DocumentPlugin<Option extends string> = {
  readonly name: string;
  /** File name of the document. */
  readonly file: string;
  /** Names of its options. Each is a required string. */
  readonly options: readonly Option[];
  document(
    files: readonly DescFile[],
    allFiles: readonly DescFile[],
    options: Readonly<Record<Option, string>>,
  ): JsonObject;
};

/** Characters of patterns that nobody sees, and that some parsers take for line breaks. */
const invisible = /[\xad\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]/g;

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Runs the plugin on standard input and output. */
export function runDocumentPlugin<Option extends string>(plugin: DocumentPlugin<Option>): void {
  runNodeJs(
    createEcmaScriptPlugin<Readonly<Record<Option, string>>>({
      name: plugin.name,
      version: "v1",
      parseOptions(given) {
        const unknown = given.find(({ key }) => !plugin.options.includes(key as Option));
        if (unknown) {
          throw new Error(`unknown option ${unknown.key}. Expected ${plugin.options.join(", ")}.`);
        }
        const values = plugin.options.map((name) => {
          const value = given.find(({ key }) => key === name)?.value;
          if (!value) {
            throw new Error(`option ${name}: value is required`);
          }
          return [name, value];
        });
        return Object.fromEntries(values) as Record<Option, string>;
      },
      generateTs({ files, allFiles, options, generateFile }) {
        const document = plugin.document(files, allFiles, options);
        generateFile(plugin.file).print(
          JSON.stringify(document, null, 2).replace(invisible, escapeCharacter),
        );
      },
    }),
  );
}
