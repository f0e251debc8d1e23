import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { Printable } from "@bufbuild/protoplugin";
import { checkType, isSet, mapItem } from "./encode.ts";
import { presenceOf, sortedFields, type Value, valuesOf } from "./fields.ts";
import { type Code, code, type Module } from "./writer.ts";

/** Returns the function that writes a message as an object of its fields. */
export function writeFunction(module: Module, desc: DescMessage, name: Printable): Code[] {
  const { file, runtime } = module;
  const names = new Set(desc.fields.map(({ jsonName }) => jsonName));
  // Fields with the same name replace each other in JSON.
  const body =
    names.size < desc.fields.length
      ? [code`  return ${runtime("fallBack")}();`]
      : [
          code`  ${desc.fields.length === 0 ? "const" : "let"} s = "";`,
          ...fieldsInOrder(desc).flatMap((field) => fieldLines(module, field)),
          code`  return s === "" ? "{}" : s + "}";`,
        ];
  // A registry may have extensions of the message, which have their names in JSON.
  const mayHaveExtensions = desc.proto.extensionRange.length > 0;
  return [
    code`${name}(m: ${file.importShape(desc)}): string {`,
    ...checkType(module, desc),
    ...(mayHaveExtensions ? [code`  if (m.$unknown !== undefined) ${runtime("fallBack")}();`] : []),
    ...body,
    code`}`,
    code``,
  ];
}

/** Returns the function that writes a wrapper, whose JSON is that of its value. */
export function writeWrapperFunction(module: Module, desc: DescMessage, name: Printable): Code[] {
  const [field] = desc.fields as [DescField];
  return [
    code`${name}(m: ${module.file.importShape(desc)}): string {`,
    ...checkType(module, desc),
    code`  return ${writeExpression(module, valuesOf(field), "m.value")};`,
    code`}`,
    code``,
  ];
}

/** Returns the fields in the order of JSON.stringify, which writes names that are indexes of arrays first. */
function fieldsInOrder(desc: DescMessage): DescField[] {
  const fields = sortedFields(desc);
  const isIndex = ({ jsonName }: DescField) =>
    /^(?:0|[1-9]\d*)$/.test(jsonName) && Number(jsonName) < 2 ** 32 - 1;
  const indexes = fields.filter(isIndex).sort((a, b) => Number(a.jsonName) - Number(b.jsonName));
  return [...indexes, ...fields.filter((field) => !isIndex(field))];
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
      return [
        code`  {`,
        code`    let entries = "";`,
        code`    for (const name of Object.keys(${member})) entries += (entries === "" ? "" : ",") + ${module.runtime("writeString")}(name) + ":" + ${writeExpression(module, value, mapItem(member))};`,
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
      return presenceOf(field) === "required"
        ? [code`${line} else ${module.runtime("fallBack")}();`]
        : [line];
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
function writeExpression(module: Module, value: Value, expression: string): Code {
  switch (value.kind) {
    case "scalar": {
      const name = writerOf(value.scalar);
      return value.isText && name === "writeLong"
        ? code`${module.runtime(name)}(${module.runtime("longKey")}(${expression}))`
        : code`${module.runtime(name)}(${expression})`;
    }
    case "enum":
      return value.desc.typeName === "google.protobuf.NullValue"
        ? code`${module.runtime("writeNull")}(${expression})`
        : code`${module.namesOf(value.desc)}.write(${expression})`;
    case "message": {
      const write = module.functionOf("write", value);
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
