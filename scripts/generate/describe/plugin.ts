import type { DescFile } from "@bufbuild/protobuf";
import { createEcmaScriptPlugin, runNodeJs } from "@bufbuild/protoplugin";
import { escapeInvisible } from "../../../src/contract/field-violation.ts";
import type { JsonObject } from "./json.ts";

/** A Buf plugin that generates from all files at once. buf must run it with `strategy: all`. */
type Plugin<Option extends string> = {
  readonly name: string;
  /** Names of its options. Each is a required string. */
  readonly options: readonly Option[];
  /** Returns the generated files by name. */
  generate(
    files: readonly DescFile[],
    allFiles: readonly DescFile[],
    options: Readonly<Record<Option, string>>,
  ): ReadonlyMap<string, string>;
};

/** A plugin that writes one JSON document. */
export type DocumentPlugin<Option extends string> = Omit<Plugin<Option>, "generate"> & {
  /** File name of the document, unless it has an option `file`. */
  readonly file: string;
  document(...input: Parameters<Plugin<Option>["generate"]>): JsonObject;
};

/** Runs the plugin on standard input and output. */
export function runDocumentPlugin<Option extends string>(plugin: DocumentPlugin<Option>): void {
  const { name, options, file } = plugin;
  runPlugin<Option>({
    name,
    options,
    generate(files, allFiles, values) {
      const text = JSON.stringify(plugin.document(files, allFiles, values), null, 2);
      // Of patterns. Some parsers take these characters for line breaks.
      return new Map([
        [(values as { file?: string }).file ?? file, text.split("\n").map(escapeInvisible).join("\n")],
      ]);
    },
  });
}

/** Runs the plugin on standard input and output. */
export function runPlugin<Option extends string>(plugin: Plugin<Option>): void {
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
        for (const [file, text] of plugin.generate(files, allFiles, options)) {
          generateFile(file).print(text.replace(/\n$/, ""));
        }
      },
    }),
  );
}
