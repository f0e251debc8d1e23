import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { checkType, isSet } from "./encode.ts";
import { presenceOf, sortedFields, type Value, valuesOf } from "./fields.ts";
import { type Code, code, type Module } from "./writer.ts";

/** Returns the function that writes a message as an object of its fields. */
export function writeFunction(module: Module, desc: DescMessage, name: string, exported: boolean): Code[] {
  const { file, runtime } = module;
  // Extensions have their names in JSON.
  const hasExtensions = desc.proto.extensionRange.length > 0;
  return [
    code`${exported ? "export " : ""}function ${name}(m: ${file.importShape(desc)}): string {`,
    ...checkType(module, desc),
    ...(hasExtensions ? [code`  if (m.$unknown !== undefined) ${runtime("refuse")}();`] : []),
    code`  ${desc.fields.length === 0 ? "const" : "let"} s = "";`,
    ...sortedFields(desc).flatMap((field) => fieldLines(module, field)),
    code`  return s === "" ? "{}" : s + "}";`,
    code`}`,
    code``,
  ];
}

function fieldLines(module: Module, field: DescField): Code[] {
  const { localName } = field;
  const member = `m.${localName}`;
  const value = valuesOf(field);
  switch (field.fieldKind) {
    case "list":
      return [
        code`  if (${module.runtime("listIn")}(${member}).length > 0) {`,
        code`    let list = "";`,
        code`    for (const item of ${member}) list += (list === "" ? "" : ",") + ${writeExpression(module, value, "item")};`,
        code`    ${append(module, field, code`"[" + list + "]"`)}`,
        code`  }`,
      ];
    case "map": {
      const item = `(${member} as Record<string, (typeof ${member})[keyof typeof ${member}]>)[name]!`;
      return [
        code`  {`,
        code`    let entries = "";`,
        code`    for (const name of Object.keys(${member})) entries += (entries === "" ? "" : ",") + JSON.stringify(name) + ":" + ${writeExpression(module, value, item)};`,
        code`    if (entries !== "") ${append(module, field, code`"{" + entries + "}"`)}`,
        code`  }`,
      ];
    }
    default: {
      if (field.oneof !== undefined) {
        const oneof = `m.${field.oneof.localName}`;
        const text = writeExpression(module, value, `${oneof}.value`);
        return [
          code`  if (${oneof}.case === ${module.file.string(localName)}) ${append(module, field, text)}`,
        ];
      }
      const line = code`  if (${isSet(field, member)}) ${append(module, field, writeExpression(module, value, member))}`;
      return presenceOf(field) === "required" ? [code`${line} else ${module.runtime("refuse")}();`] : [line];
    }
  }
}

/** Returns the statement that appends a member. */
function append(module: Module, { jsonName }: DescField, text: Code): Code {
  const key = `${JSON.stringify(jsonName)}:`;
  const { file } = module;
  return code`s += (s === "" ? ${file.string(`{${key}`)} : ${file.string(`,${key}`)}) + ${text};`;
}

/** Returns the expression of the JSON text of a value. */
export function writeExpression(module: Module, value: Value, expression: string): Code {
  switch (value.kind) {
    case "scalar": {
      const name = writerOf(value.scalar);
      return value.isText && name === "writeLong"
        ? code`${module.runtime(name)}(${module.runtime("longKey")}(${expression}))`
        : code`${module.runtime(name)}(${expression})`;
    }
    case "enum":
      return value.desc.typeName === "google.protobuf.NullValue"
        ? code`"null"`
        : code`${module.namesOf(value.desc)}.write(${expression})`;
    case "message": {
      const write = module.functionOf("write", value.desc);
      return value.isUnwrapped
        ? code`${write}({ $typeName: ${module.file.string(value.desc.typeName)}, value: ${expression} })`
        : code`${write}(${expression})`;
    }
  }
}

/** Returns the name of the runtime's function that writes a scalar as JSON. */
function writerOf(scalar: ScalarType): string {
  switch (scalar) {
    case ScalarType.STRING:
      return "writeString";
    case ScalarType.BOOL:
      return "writeBool";
    case ScalarType.BYTES:
      return "writeBytes";
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return "writeNumber";
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return "writeLong";
    default:
      return "writeInteger";
  }
}
