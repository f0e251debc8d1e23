import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import type { Printable } from "@bufbuild/protoplugin";
import {
  hasPrototype,
  methodOf,
  presenceOf,
  sortedFields,
  tagOf,
  type Value,
  valuesOf,
  wireTypeOf,
  zeroOf,
} from "./fields.ts";
import { type Code, code, type Module } from "./writer.ts";

/** Returns the function that encodes a message. */
export function encodeFunction(module: Module, desc: DescMessage, name: Printable): Code[] {
  const type = module.file.importShape(desc);
  return [
    code`${name}(w: ${module.runtime("BinaryOutput")}, m: ${type}): void {`,
    ...checkType(module, desc),
    ...sortedFields(desc).flatMap((field) => fieldLines(module, field)),
    code`  if (m.$unknown !== undefined) w.unknown(m.$unknown);`,
    code`}`,
    code``,
  ];
}

/**
 * Returns the check that a message has the type that its property says, and that its fields are its own: protobuf-es does not
 * write inherited ones that have presence.
 */
export function checkType(module: Module, desc: DescMessage): Code[] {
  const hasPresence = desc.fields.some(
    (field) =>
      field.oneof === undefined && presenceOf(field) !== "implicit" && !isOwnChecked(field) && !isMany(field),
  );
  const isPlain = hasPresence ? " || Object.getPrototypeOf(m) !== Object.prototype" : "";
  const name = module.file.string(desc.typeName);
  return [code`  if (m.$typeName !== ${name}${isPlain}) ${module.runtime("fallBack")}();`];
}

function isMany({ fieldKind }: DescField): boolean {
  return fieldKind === "list" || fieldKind === "map";
}

/** Whether messages inherit a default from a prototype, so that each must be checked to be an own property. */
function isOwnChecked({ parent }: DescField): boolean {
  return hasPrototype(parent);
}

/** Returns the condition under which a singular field outside of a oneof is written. */
export function isSet(field: DescField, member: string): string {
  if (presenceOf(field) === "implicit") {
    if (field.fieldKind === "enum") {
      return `${member} !== ${field.enum.values[0]?.number}`;
    }
    const scalar = field.scalar as ScalarType;
    switch (scalar) {
      case ScalarType.BYTES:
        return `!(${member} instanceof Uint8Array) || ${member}.length !== 0`;
      case ScalarType.DOUBLE:
      case ScalarType.FLOAT:
        return `!Object.is(${member}, 0)`;
      default:
        return `${member} !== ${zeroOf(scalar, "longAsString" in field && field.longAsString === true)}`;
    }
  }
  const isOwn = `Object.hasOwn(m, ${JSON.stringify(field.localName)})`;
  return isOwnChecked(field) ? `${member} !== undefined && ${isOwn}` : `${member} !== undefined`;
}

function fieldLines(module: Module, field: DescField): Code[] {
  const { number, localName } = field;
  const value = valuesOf(field);
  const member = `m.${localName}`;
  const fallBack = module.runtime("fallBack");
  switch (field.fieldKind) {
    case "list": {
      const list = code`${module.runtime("listIn")}(${member})`;
      if (field.packed) {
        return [
          code`  if (${list}.length > 0) {`,
          code`    const start = w.open(${tagOf(number, 2)});`,
          code`    for (const item of ${member}) { w.item(); ${plainValue(module, value, "item")} }`,
          code`    w.close(start);`,
          code`  }`,
        ];
      }
      return [code`  for (const item of ${list}) { ${taggedValue(module, value, number, "item")} }`];
    }
    case "map": {
      const key: Value = { kind: "scalar", scalar: field.mapKey, isText: false };
      return [
        code`  for (const name of Object.keys(${member})) {`,
        code`    const entry = w.open(${tagOf(number, 2)});`,
        code`    const key = ${keyExpression(module, field.mapKey)};`,
        code`    ${taggedValue(module, key, 1, "key")}`,
        code`    const item = ${mapItem(member)};`,
        code`    ${taggedValue(module, value, 2, "item")}`,
        code`    w.close(entry);`,
        code`  }`,
      ];
    }
    default: {
      if (field.oneof !== undefined) {
        const oneof = `m.${field.oneof.localName}`;
        return [
          code`  if (${oneof}.case === ${module.file.string(localName)}) { ${taggedValue(module, value, number, `${oneof}.value`)} }`,
        ];
      }
      const line = code`  if (${isSet(field, member)}) { ${taggedValue(module, value, number, member)} }`;
      return presenceOf(field) === "required" ? [code`${line} else ${fallBack}();`] : [line];
    }
  }
}

/** Returns the expression of the value of a map whose key is `name`. The type of a map with numbers as keys needs a cast. */
export function mapItem(member: string): string {
  return `(${member} as { [key: string]: (typeof ${member})[keyof typeof ${member}] })[name]!`;
}

/** Returns the expression of the key of a map entry, whose property is `name`. */
function keyExpression(module: Module, scalar: ScalarType): Code {
  switch (scalar) {
    case ScalarType.STRING:
      return code`name`;
    case ScalarType.BOOL:
      return code`${module.runtime("boolKey")}(name)`;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return code`${module.runtime("longKey")}(name)`;
    default:
      return code`${module.runtime("integerKey")}(name)`;
  }
}

/** Returns statements that write a value with its tag. */
function taggedValue(module: Module, value: Value, number: number, expression: string): Code {
  const tag = tagOf(number, wireTypeOf(value));
  if (value.kind !== "message") {
    return code`w.tag(${tag}); ${plainValue(module, value, expression)}`;
  }
  const encode = module.functionOf("encode", value);
  const message = value.isUnwrapped
    ? code`{ $typeName: ${module.file.string(value.desc.typeName)}, value: ${expression} }`
    : code`${expression}`;
  return value.isGroup
    ? code`w.tag(${tag}); ${encode}(w, ${message}); w.tag(${tagOf(number, 4)});`
    : code`{ const start = w.open(${tag}); ${encode}(w, ${message}); w.close(start); }`;
}

/** Returns the statement that writes a number or a text. */
function plainValue(module: Module, value: Value, expression: string): Code {
  const method = value.kind === "scalar" ? methodOf(value.scalar) : "int32";
  return value.kind === "scalar" && value.isText
    ? code`w.${method}(${module.runtime("longKey")}(${expression}));`
    : code`w.${method}(${expression});`;
}
