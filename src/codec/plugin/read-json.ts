import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { Printable } from "@bufbuild/protoplugin";
import { createSeen, newMessage } from "./decode.ts";
import { maxItemsOf, type Value, valuesOf } from "./fields.ts";
import { type Code, code, type Module } from "./writer.ts";

/** Names of the runtime's functions that read scalars from JSON. */
const readers: Readonly<Record<ScalarType, string>> = {
  [ScalarType.STRING]: "readString",
  [ScalarType.BOOL]: "readBool",
  [ScalarType.BYTES]: "readBytes",
  [ScalarType.DOUBLE]: "readDouble",
  [ScalarType.FLOAT]: "readFloat",
  [ScalarType.INT32]: "readInt32",
  [ScalarType.SINT32]: "readInt32",
  [ScalarType.SFIXED32]: "readInt32",
  [ScalarType.UINT32]: "readUint32",
  [ScalarType.FIXED32]: "readUint32",
  [ScalarType.INT64]: "readInt64",
  [ScalarType.SINT64]: "readInt64",
  [ScalarType.SFIXED64]: "readInt64",
  [ScalarType.UINT64]: "readUint64",
  [ScalarType.FIXED64]: "readUint64",
};

/** Returns the function that reads a message from the object of its fields. */
export function readFunction(module: Module, desc: DescMessage, name: Printable): Code[] {
  const { file, runtime } = module;
  const seen = createSeen();
  const fieldOfName = fieldsByName(desc);
  const cases = desc.fields.flatMap((field) => {
    const names = new Set([field.jsonName, field.name].filter((each) => fieldOfName.get(each) === field));
    if (names.size === 0) {
      return [];
    }
    return [
      code`      ${[...names].flatMap((each) => [`case `, file.string(each), `: `])}{`,
      code`        ${seen.once(code`${runtime("fallBack")}`)}`,
      ...(takesNull(field) ? [] : [code`        if (v === null) break;`]),
      ...fieldLines(module, field).map((line) => code`        ${line}`),
      code`        break;`,
      code`      }`,
    ];
  });
  return [
    code`${name}(s: ${runtime("JsonInput")}, json: unknown): ${file.importShape(desc)} {`,
    code`  s.enter(json);`,
    code`  const m${newMessage(module, desc)};`,
    ...seen.declarations().map((line) => code`  ${line}`),
    ...(cases.length === 0
      ? [code`  if (Object.keys(json).length > 0) ${runtime("fallBack")}();`]
      : [
          code`  for (const name in json) {`,
          code`    const v = json[name];`,
          code`    s.keys += 1;`,
          code`    switch (name) {`,
          ...cases,
          code`      default: ${runtime("fallBack")}();`,
          code`    }`,
          code`  }`,
        ]),
    code`  s.leave();`,
    code`  return m;`,
    code`}`,
    code``,
  ];
}

/** Returns the function that reads a wrapper, whose JSON is that of its value. */
export function readWrapperFunction(module: Module, desc: DescMessage, name: Printable): Code[] {
  const { file, runtime } = module;
  const [field] = desc.fields as [DescField];
  return [
    code`${name}(_: ${runtime("JsonInput")}, json: unknown): ${file.importShape(desc)} {`,
    code`  return { $typeName: ${file.string(desc.typeName)}, value: ${readExpression(module, valuesOf(field), "json")} };`,
    code`}`,
    code``,
  ];
}

/** Returns the fields by the names that they have in JSON. If fields have the same JSON name, protobuf-es uses the last one. */
function fieldsByName(desc: DescMessage): ReadonlyMap<string, DescField> {
  return new Map(
    desc.fields.flatMap((field) => [
      [field.name, field],
      [field.jsonName, field],
    ]),
  );
}

/** Whether null is a value of a field, and does not leave it unset. */
function takesNull(field: DescField): boolean {
  const isSingular = field.fieldKind !== "list" && field.fieldKind !== "map";
  return (
    isSingular &&
    (field.message?.typeName === "google.protobuf.Value" ||
      field.enum?.typeName === "google.protobuf.NullValue")
  );
}

function fieldLines(module: Module, field: DescField): Code[] {
  const { localName } = field;
  const { file, runtime } = module;
  const value = valuesOf(field);
  switch (field.fieldKind) {
    case "list":
      return [
        code`for (const item of ${runtime("listOf")}(v, ${limitOf(module, field)})) m.${localName}.push(${readExpression(module, value, "item")});`,
      ];
    case "map": {
      return [
        code`for (const [key, item] of ${runtime("entriesOf")}(s, v, ${limitOf(module, field)}, ${file.string(keyKinds[field.mapKey])})) (m.${localName} as { [key: string]: unknown })[key] = ${readExpression(module, value, "item")};`,
      ];
    }
    default: {
      const read = readExpression(module, value, "v");
      if (field.oneof === undefined) {
        return [code`m.${localName} = ${read};`];
      }
      const oneof = field.oneof.localName;
      return [
        code`if (m.${oneof}.case !== undefined) ${runtime("fallBack")}();`,
        code`m.${oneof} = { case: ${file.string(localName)}, value: ${read} };`,
      ];
    }
  }
}

/** Kinds of map keys in the runtime. */
const keyKinds = {
  [ScalarType.STRING]: "string",
  [ScalarType.BOOL]: "bool",
  [ScalarType.INT32]: "int32",
  [ScalarType.SINT32]: "int32",
  [ScalarType.SFIXED32]: "int32",
  [ScalarType.UINT32]: "uint32",
  [ScalarType.FIXED32]: "uint32",
  [ScalarType.INT64]: "int64",
  [ScalarType.SINT64]: "int64",
  [ScalarType.SFIXED64]: "int64",
  [ScalarType.UINT64]: "uint64",
  [ScalarType.FIXED64]: "uint64",
} as const;

function limitOf(module: Module, field: DescField): string {
  return String(maxItemsOf(field) ?? module.maxItems ?? "1 / 0");
}

/** Returns the expression that reads a value. */
function readExpression(module: Module, value: Value, expression: string): Code {
  switch (value.kind) {
    case "scalar": {
      const read = code`${module.runtime(readers[value.scalar])}(${expression})`;
      return value.isText ? code`${read}.toString()` : read;
    }
    case "enum":
      return code`${module.namesOf(value.desc)}.read(${expression}) as ${module.file.importShape(value.desc)}`;
    case "message": {
      const read = code`${module.functionOf("read", value)}(s, ${expression})`;
      return value.isUnwrapped ? code`${read}.value` : read;
    }
  }
}
