import type { DescEnum, DescFile, DescMessage } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import type { GeneratedFile, Printable, Schema } from "@bufbuild/protoplugin";
import { decodeFunction } from "./decode.ts";
import { checkType, encodeFunction } from "./encode.ts";
import { maxItemsOf, valuesOf } from "./fields.ts";
import { readExpression, readFunction } from "./read-json.ts";
import { writeExpression, writeFunction } from "./write-json.ts";
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
    if (file.messages.length > 0) {
      writeModule(generateFile(`${file.name}_codec.ts`), file, new Set(files), options);
    }
  }
}

function writeModule(
  file: GeneratedFile,
  desc: DescFile,
  generated: ReadonlySet<DescFile>,
  options: CodecOptions,
): void {
  file.preamble(desc);
  const own = messagesOf(desc);
  /** Functions of messages whose files have no module. They are in this one. */
  const foreign = new Map<string, () => Code[]>();
  const enums = new Map<DescEnum, string>();

  const module: Module = {
    file,
    maxItems: options.maxItems,
    runtime: (name) => runtimeSymbol(file, options.runtime, name),
    functionOf(kind, message) {
      const special = specialFunction(kind, message);
      if (special !== undefined) {
        return module.runtime(special);
      }
      const shape = file.importShape(message);
      if (own.includes(message)) {
        return functionName(kind, shape.name);
      }
      if (generated.has(message.file)) {
        return file.import(functionName(kind, shape.name), shape.from.replace(/_pb\.js$/, "_codec.js"));
      }
      const name = functionName(kind, message.typeName.replaceAll(".", "_"));
      foreign.set(name, () => functionLines(module, kind, message, name, false));
      return name;
    },
    namesOf(each) {
      const known = enums.get(each) ?? `names${enums.size}`;
      enums.set(each, known);
      return known;
    },
  };

  const lines = own.flatMap((message) => {
    const { name } = file.importShape(message);
    return kinds.flatMap((kind) => functionLines(module, kind, message, functionName(kind, name), true));
  });
  // Grows while it is iterated, because functions call others.
  for (const write of foreign.values()) {
    lines.push(...write());
  }
  const objects = own.flatMap((message) => codecLines(module, message));
  const list = own.map((message) => `${file.importShape(message).name}Codec`).join(", ");
  const names = [...enums].map(
    ([each, name]) =>
      code`const ${name} = /*@__PURE__*/ ${module.runtime("enumNames")}(${file.importSchema(each)});`,
  );
  for (const line of [...names, ...(names.length > 0 ? [code``] : []), ...objects, ...lines]) {
    file.print(line);
  }
  file.print(file.jsDoc(`The codecs of the messages in ${desc.name}.proto.`));
  file.print(
    file.export("const", `codecs_${desc.name.replace(/[^A-Za-z0-9]/g, "_")}`),
    ` = [${list}] as const;`,
  );
}

/** Returns the messages of a file, nested ones included, without the entries of maps. */
function messagesOf(desc: DescFile): DescMessage[] {
  return [...nestedTypes(desc)].filter((type) => type.kind === "message");
}

function functionName(kind: FunctionKind, name: string): string {
  return `${kind}${name}`;
}

const types: ReadonlySet<string> = new Set(["BinaryInput", "BinaryOutput", "JsonInput", "MessageCodec"]);

function runtimeSymbol(file: GeneratedFile, runtime: string, name: string): Printable {
  const isPath = /^\.{0,2}\//.test(runtime);
  // A path is relative to the output folder.
  return file.import(name, isPath ? `./${runtime}` : runtime, types.has(name));
}

/** Types whose functions are all in the runtime, because of their JSON or because nearly all contracts have them. */
const special: ReadonlySet<string> = new Set(["Timestamp", "Duration", "Struct", "Value", "ListValue"]);

/** Types whose JSON is left to protobuf-es. */
const withoutJson: ReadonlySet<string> = new Set(["Any", "FieldMask"]);

/** Returns the function of the runtime that a well-known type has. */
function specialFunction(kind: FunctionKind, { typeName }: DescMessage): string | undefined {
  const name = /^google\.protobuf\.(\w+)$/.exec(typeName)?.[1] ?? "";
  if (special.has(name)) {
    return functionName(kind, name);
  }
  const isJson = kind === "read" || kind === "write";
  return isJson && withoutJson.has(name) ? functionName(kind, "Nothing") : undefined;
}

function functionLines(
  module: Module,
  kind: FunctionKind,
  desc: DescMessage,
  name: string,
  exported: boolean,
): Code[] {
  switch (kind) {
    case "decode":
      return decodeFunction(module, desc, name, exported);
    case "encode":
      return encodeFunction(module, desc, name, exported);
    case "read":
      return isWrapperDesc(desc)
        ? readWrapper(module, desc, name)
        : readFunction(module, desc, name, exported);
    case "write":
      return isWrapperDesc(desc)
        ? writeWrapper(module, desc, name)
        : writeFunction(module, desc, name, exported);
  }
}

function readWrapper(module: Module, desc: DescMessage, name: string): Code[] {
  const { file, runtime } = module;
  const value = valuesOf(desc.fields[0] as (typeof desc.fields)[number]);
  return [
    code`function ${name}(_: ${runtime("JsonInput")}, json: unknown): ${file.importShape(desc)} {`,
    code`  return { $typeName: ${file.string(desc.typeName)}, value: ${readExpression(module, value, "json")} };`,
    code`}`,
    code``,
  ];
}

function writeWrapper(module: Module, desc: DescMessage, name: string): Code[] {
  const value = valuesOf(desc.fields[0] as (typeof desc.fields)[number]);
  return [
    code`function ${name}(m: ${module.file.importShape(desc)}): string {`,
    ...checkType(module, desc),
    code`  return ${writeExpression(module, value, "m.value")};`,
    code`}`,
    code``,
  ];
}

/** Returns the codec of a message as other code uses it. */
function codecLines(module: Module, desc: DescMessage): Code[] {
  const { file, runtime } = module;
  const { name } = file.importShape(desc);
  const schema = file.importSchema(desc);
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
    code`  decode: decode${name},`,
    code`  encode: encode${name},`,
    code`  readJson: read${name},`,
    code`  writeJson: write${name},`,
    code`  maxItems: { ${limits.join(", ")} },`,
    code`});`,
    code``,
  ];
}
