import type { DescEnum, DescFile, DescMessage } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import type { GeneratedFile, Printable, Schema } from "@bufbuild/protoplugin";
import { decodeFunction } from "./decode.ts";
import { encodeFunction } from "./encode.ts";
import { maxItemsOf } from "./fields.ts";
import { readFunction, readWrapperFunction } from "./read-json.ts";
import { specialName } from "./special.ts";
import { writeFunction, writeWrapperFunction } from "./write-json.ts";
import { type Code, code, type FunctionKind, type Module } from "./writer.ts";

export type CodecOptions = {
  /** Module that generated code imports. */
  readonly runtime: string;
  /** Limit of the lists and maps for which buf.validate has none. */
  readonly maxItems: number | undefined;
};

const kinds: readonly FunctionKind[] = ["decode", "encode", "read", "write"];

/** Writes the module of each file that has messages. */
export function generateCodecs({ files, generateFile }: Schema, options: CodecOptions): void {
  for (const file of files) {
    const messages = messagesOf(file);
    if (messages.length > 0) {
      writeModule(generateFile(`${file.name}_codec.ts`), file, messages, new Set(files), options);
    }
  }
}

/** Returns the messages of a file, nested ones included, without the entries of maps. */
function messagesOf(desc: DescFile): DescMessage[] {
  return [...nestedTypes(desc)].filter((type) => type.kind === "message");
}

function writeModule(
  file: GeneratedFile,
  desc: DescFile,
  own: readonly DescMessage[],
  generated: ReadonlySet<DescFile>,
  options: CodecOptions,
): void {
  file.preamble(desc);
  /** Functions of messages whose files have no module. They are in this one. */
  const foreign = new Map<string, () => Code[]>();
  const copies = new Set<string>();
  const enums = new Map<DescEnum, string>();
  const self = pathOf(desc);

  const module: Module = {
    file,
    maxItems: options.maxItems,
    runtime: (name) => runtimeSymbol(file, options.runtime, name),
    functionOf(kind, { desc: message, isJsonObject }) {
      const special = specialName(kind, message, isJsonObject);
      if (special !== undefined) {
        return module.runtime(`${kind}${special}`);
      }
      if (generated.has(message.file)) {
        return file.import(`${kind}${file.importShape(message).name}`, pathOf(message.file));
      }
      // Cannot collide with the names generated for messages of this file.
      const name = `${kind}$${message.typeName.replaceAll(".", "$")}`;
      copies.add(message.typeName);
      foreign.set(name, () => functionLines(module, kind, message, `function ${name}`));
      return name;
    },
    namesOf(each) {
      const name = enums.get(each) ?? `names${enums.size}`;
      enums.set(each, name);
      // Imported from this module, so that nothing else gets the name.
      return file.import(name, self);
    },
  };

  checkNames(file, own);
  const lines = own.flatMap((message) => {
    const { name } = file.importShape(message);
    return kinds
      .filter((kind) => specialName(kind, message, false) === undefined)
      .flatMap((kind) => functionLines(module, kind, message, file.export("function", `${kind}${name}`)));
  });
  // Grows while it is iterated, because functions call others.
  for (const write of foreign.values()) {
    lines.push(...write());
  }
  const objects = own.flatMap((message) => codecLines(module, message, [...copies]));
  const list = own.map((message) => `${file.importShape(message).name}Codec`).join(", ");
  const names = [...enums.keys()].map(
    (each) =>
      code`const ${module.namesOf(each)} = /*@__PURE__*/ ${module.runtime("enumNames")}(${file.importSchema(each)});`,
  );
  for (const line of [...names, ...(names.length > 0 ? [code``] : []), ...objects, ...lines]) {
    file.print(line);
  }
  file.print(file.jsDoc(`The codecs of the messages in ${desc.proto.name}.`));
  file.print(
    file.export("const", `codecs_${desc.name.replace(/[^A-Za-z0-9]/g, "_")}`),
    ` = [${list}] as const;`,
  );
}

/** Throws if two messages lead to the same name: `XCodec` has the function `decodeXCodec`, `decodeX` the codec. */
function checkNames(file: GeneratedFile, messages: readonly DescMessage[]): void {
  const names = new Map(messages.map((message) => [file.importShape(message).name, message]));
  for (const [name, message] of names) {
    const other = kinds.map((kind) => names.get(`${kind}${name.replace(/Codec$/, "")}`)).find(Boolean);
    if (name.endsWith("Codec") && other !== undefined) {
      throw new Error(
        `${message.typeName} and ${other.typeName} lead to the same name in ${message.file.proto.name}: rename one`,
      );
    }
  }
}

/** Returns the path of the module of a file, as imports have it. */
function pathOf({ name }: DescFile): string {
  return `./${name}_codec.js`;
}

const types: ReadonlySet<string> = new Set(["BinaryInput", "BinaryOutput", "JsonInput", "MessageCodec"]);

function runtimeSymbol(file: GeneratedFile, runtime: string, name: string): Printable {
  const isPath = /^\.{1,2}\//.test(runtime);
  // A path is relative to the output folder.
  return file.import(name, isPath ? `./${runtime}` : runtime, types.has(name));
}

/** Returns a function of a message. `name`: how its declaration begins. */
function functionLines(module: Module, kind: FunctionKind, desc: DescMessage, name: Printable): Code[] {
  switch (kind) {
    case "decode":
      return decodeFunction(module, desc, name);
    case "encode":
      return encodeFunction(module, desc, name);
    case "read":
      return isWrapperDesc(desc) ? readWrapperFunction(module, desc, name) : readFunction(module, desc, name);
    case "write":
      return isWrapperDesc(desc)
        ? writeWrapperFunction(module, desc, name)
        : writeFunction(module, desc, name);
  }
}

/** Returns the codec of a message as other code uses it. */
function codecLines(module: Module, desc: DescMessage, copies: readonly string[]): Code[] {
  const { file, runtime } = module;
  const { name } = file.importShape(desc);
  const schema = file.importSchema(desc);
  const value = { kind: "message", desc, isUnwrapped: false, isJsonObject: false, isGroup: false } as const;
  const limits = desc.fields.flatMap((field) => {
    const limit =
      field.fieldKind === "list" || field.fieldKind === "map"
        ? (maxItemsOf(field) ?? module.maxItems)
        : undefined;
    return limit === undefined ? [] : [`${field.localName}: ${limit}`];
  });
  return [
    code`${file.jsDoc(`Codec of ${desc.typeName}.`)}`,
    code`${file.export("const", `${name}Codec`)}: ${runtime("MessageCodec")}<typeof ${schema}> = /*@__PURE__*/ ${runtime("createCodec")}(${schema}, {`,
    code`  decode: ${module.functionOf("decode", value)},`,
    code`  encode: ${module.functionOf("encode", value)},`,
    code`  readJson: ${module.functionOf("read", value)},`,
    code`  writeJson: ${module.functionOf("write", value)},`,
    code`  maxItems: { ${limits.join(", ")} },`,
    ...(copies.length === 0
      ? []
      : [code`  copies: [${copies.map((each) => JSON.stringify(each)).join(", ")}],`]),
    code`});`,
    code``,
  ];
}
