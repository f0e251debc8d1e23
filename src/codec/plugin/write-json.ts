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
      ? [code`  ${runtime("refuse")}();`]
      : [
          code`  w.beginObject();`,
          ...fieldsInOrder(desc).flatMap((field) => fieldLines(module, field)),
          code`  w.endObject();`,
        ];
  // A registry may have extensions of the message, which have their names in JSON.
  const mayHaveExtensions = desc.proto.extensionRange.length > 0;
  return [
    code`${name}(w: ${runtime("JsonOutput")}, m: ${file.importShape(desc)}): void {`,
    ...checkType(module, desc),
    ...(mayHaveExtensions ? [code`  if (m.$unknown !== undefined) ${runtime("refuse")}();`] : []),
    ...body,
    code`}`,
    code``,
  ];
}

/** Returns the function that writes a wrapper, whose JSON is that of its value. */
export function writeWrapperFunction(module: Module, desc: DescMessage, name: Printable): Code[] {
  const [field] = desc.fields as [DescField];
  return [
    code`${name}(w: ${module.runtime("JsonOutput")}, m: ${module.file.importShape(desc)}): void {`,
    ...checkType(module, desc),
    code`  ${writeStatement(module, valuesOf(field), "m.value")}`,
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
  const key = code`w.piece(${module.keyOf(field.jsonName)});`;
  switch (field.fieldKind) {
    case "list":
      return [
        code`  if (${module.runtime("listIn")}(${member}).length > 0) {`,
        code`    ${key} w.beginList();`,
        code`    for (const item of ${member}) { ${writeStatement(module, value, "item")} }`,
        code`    w.endList();`,
        code`  }`,
      ];
    case "map":
      return [
        code`  if (Object.keys(${member}).length > 0) {`,
        code`    ${key} w.beginObject();`,
        code`    for (const name of Object.keys(${member})) { w.name(name); ${writeStatement(module, value, mapItem(member))} }`,
        code`    w.endObject();`,
        code`  }`,
      ];
    default: {
      if (field.oneof !== undefined) {
        const oneof = `m.${field.oneof.localName}`;
        const write = writeStatement(module, value, `${oneof}.value`);
        return [code`  if (${oneof}.case === ${module.file.string(localName)}) { ${key} ${write} }`];
      }
      const line = code`  if (${isSet(field, member)}) { ${key} ${writeStatement(module, value, member)} }`;
      return presenceOf(field) === "required" ? [code`${line} else ${module.runtime("refuse")}();`] : [line];
    }
  }
}

/** Returns the statement that writes a value. */
function writeStatement(module: Module, value: Value, expression: string): Code {
  switch (value.kind) {
    case "scalar": {
      const name = methodOfJson(value.scalar);
      return value.isText && name === "long"
        ? code`w.long(${module.runtime("longKey")}(${expression}));`
        : code`w.${name}(${expression});`;
    }
    case "enum":
      return value.desc.typeName === "google.protobuf.NullValue"
        ? code`w.nullValue(${expression});`
        : code`${module.namesOf(value.desc)}.write(w, ${expression});`;
    case "message": {
      const write = module.functionOf("write", value);
      return value.isUnwrapped
        ? code`${write}(w, { $typeName: ${module.file.string(value.desc.typeName)}, value: ${expression} });`
        : code`${write}(w, ${expression});`;
    }
  }
}

/** Returns the name of the method that writes a scalar as JSON. */
function methodOfJson(scalar: ScalarType): string {
  switch (scalar) {
    case ScalarType.STRING:
      return "string";
    case ScalarType.BOOL:
      return "bool";
    case ScalarType.BYTES:
      return "byteString";
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return "number";
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return "long";
    default:
      return "integer";
  }
}
