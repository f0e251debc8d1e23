import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { Printable } from "@bufbuild/protoplugin";
import {
  hasPrototype,
  maxItemsOf,
  methodOf,
  presenceOf,
  tagOf,
  type Value,
  valuesOf,
  wireTypeOf,
  zeroOf,
} from "./fields.ts";
import { specialName } from "./special.ts";
import { type Code, code, type Module } from "./writer.ts";

/** Returns the function that decodes a message. */
export function decodeFunction(module: Module, desc: DescMessage, name: Printable): Code[] {
  const type = module.file.importShape(desc);
  const seen = createSeen();
  const cases = desc.fields.flatMap((field) => fieldCases(module, field, seen));
  return [
    code`${name}(r: ${module.runtime("BinaryInput")}, end: number, endTag = 0): ${type} {`,
    code`  const m${newMessage(module, desc)};`,
    ...seen.declarations().map((line) => code`  ${line}`),
    ...desc.fields
      .filter((field) => entryLimit(module, field) !== undefined)
      .map(({ number }) => code`  let entries${number} = 0;`),
    code`  r.enter();`,
    code`  while (r.pos < end) {`,
    code`    const tag = r.tag();`,
    code`    switch (tag) {`,
    ...cases,
    code`      default:`,
    code`        if (tag === endTag && endTag !== 0) {`,
    code`          r.leave(r.pos);`,
    code`          return m;`,
    code`        }`,
    ...knownNumbers(module, desc),
    code`        r.unknown(m, tag);`,
    code`    }`,
    code`  }`,
    code`  if (endTag !== 0) {`,
    code`    ${module.runtime("fallBack")}();`,
    code`  }`,
    code`  r.leave(end);`,
    code`  return m;`,
    code`}`,
    code``,
  ];
}

/** Returns the statement that leaves known fields with another wire type to protobuf-es, which reads them regardless of it. */
function knownNumbers(module: Module, { fields }: DescMessage): Code[] {
  const cases = fields.map(({ number }) => `case ${number}: `).join("");
  return fields.length === 0
    ? []
    : [code`        switch (tag >>> 3) { ${cases}${module.runtime("fallBack")}(); }`];
}

/** Returns the type and the initial value of a message, with its properties in the order of protobuf-es. */
export function newMessage(module: Module, desc: DescMessage): Code {
  const { file } = module;
  if (hasPrototype(desc)) {
    return code` = ${file.import("create", "@bufbuild/protobuf")}(${file.importSchema(desc)})`;
  }
  const members = desc.members.flatMap((member): Code[] => {
    if (member.kind === "oneof") {
      return [code`${member.localName}: { case: undefined }`];
    }
    const initial = initialOf(member);
    return initial === undefined ? [] : [code`${member.localName}: ${initial}`];
  });
  return [
    code`: ${file.importShape(desc)} = { $typeName: ${file.string(desc.typeName)}`,
    ...members.map((each) => code`, ${each}`),
    code` }`,
  ];
}

/** Returns what a field is in a new message; undefined if it is absent. */
function initialOf(field: DescField): string | undefined {
  switch (field.fieldKind) {
    case "list":
      return "[]";
    case "map":
      return "{}";
    case "message":
      return undefined;
    case "enum":
      return presenceOf(field) === "implicit" ? String(field.enum.values[0]?.number) : undefined;
    case "scalar":
      return presenceOf(field) === "implicit" ? zeroOf(field.scalar, field.longAsString) : undefined;
  }
}

/** Bits of the singular fields that occurred. */
export type Seen = {
  /** Returns a statement that leaves a field that occurs again to protobuf-es. */
  once(fallBack: Code): Code;
  declarations(): string[];
};

const bitsOfVariable = 30;

export function createSeen(): Seen {
  let count = 0;
  return {
    once(fallBack) {
      const name = `seen${Math.floor(count / bitsOfVariable)}`;
      const bit = 1 << (count % bitsOfVariable);
      count += 1;
      return code`if ((${name} & ${bit}) !== 0) ${fallBack}(); ${name} |= ${bit};`;
    },
    declarations: () =>
      Array.from({ length: Math.ceil(count / bitsOfVariable) }, (_, index) => `let seen${index} = 0;`),
  };
}

function fieldCases(module: Module, field: DescField, seen: Seen): Code[] {
  const { number, localName } = field;
  const value = valuesOf(field);
  const fallBack = code`${module.runtime("fallBack")}`;
  const tag = tagOf(number, wireTypeOf(value));
  switch (field.fieldKind) {
    case "list": {
      const limit = maxItemsOf(field) ?? module.maxItems;
      const check =
        limit === undefined ? code`` : code`if (m.${localName}.length >= ${limit}) ${fallBack}(); `;
      const push = code`${check}m.${localName}.push(${valueExpression(module, value, number)});`;
      const unpacked = code`      case ${tag}: ${push} break;`;
      if (tag % 8 === 2 || tag % 8 === 3) {
        return [unpacked];
      }
      return [
        unpacked,
        code`      case ${tagOf(number, 2)}: {`,
        code`        const listEnd = r.end();`,
        code`        while (r.pos < listEnd) { ${push} }`,
        code`        if (r.pos !== listEnd) ${fallBack}();`,
        code`        break;`,
        code`      }`,
      ];
    }
    case "map":
      return mapCase(module, field, value);
    default: {
      const read = valueExpression(module, value, number);
      if (field.oneof === undefined) {
        return [code`      case ${tag}: ${seen.once(fallBack)} m.${localName} = ${read}; break;`];
      }
      const oneof = field.oneof.localName;
      return [
        code`      case ${tag}: if (m.${oneof}.case !== undefined) ${fallBack}(); m.${oneof} = { case: ${module.file.string(localName)}, value: ${read} }; break;`,
      ];
    }
  }
}

/** Returns the limit of a map; undefined for other fields and without a limit. */
function entryLimit(module: Module, field: DescField): number | undefined {
  return field.fieldKind === "map" ? (maxItemsOf(field) ?? module.maxItems) : undefined;
}

function mapCase(module: Module, field: DescField & { fieldKind: "map" }, value: Value): Code[] {
  const { localName, number } = field;
  const fallBack = module.runtime("fallBack");
  const limit = entryLimit(module, field);
  const key: Value = { kind: "scalar", scalar: field.mapKey, isText: false };
  const zeroKey = zeroOf(field.mapKey, false);
  return [
    code`      case ${tagOf(number, 2)}: {`,
    code`        const entryEnd = r.end();`,
    code`        let key = ${zeroKey};`,
    code`        let value: ${typeOfValue(module, value)} | undefined;`,
    code`        let parts = 0;`,
    code`        while (r.pos < entryEnd) {`,
    code`          switch (r.tag()) {`,
    code`            case ${tagOf(1, wireTypeOf(key))}: if ((parts & 1) !== 0) ${fallBack}(); parts |= 1; key = ${valueExpression(module, key, 1)}; break;`,
    code`            case ${tagOf(2, wireTypeOf(value))}: if ((parts & 2) !== 0) ${fallBack}(); parts |= 2; value = ${valueExpression(module, value, 2)}; break;`,
    code`            default: ${fallBack}();`,
    code`          }`,
    code`        }`,
    // A value that is absent is rare.
    code`        if (r.pos !== entryEnd || value === undefined) ${fallBack}();`,
    ...(limit === undefined ? [] : [code`        if (++entries${number} > ${limit}) ${fallBack}();`]),
    code`        ${module.runtime("setEntry")}(m.${localName}, key, value);`,
    code`        break;`,
    code`      }`,
  ];
}

function typeOfValue(module: Module, value: Value): Code {
  switch (value.kind) {
    case "message":
      return value.isJsonObject
        ? code`${module.file.import("JsonObject", "@bufbuild/protobuf", true)}`
        : code`${module.file.importShape(value.desc)}`;
    case "enum":
      return code`${module.file.importShape(value.desc)}`;
    case "scalar":
      return code`${{ '""': "string", false: "boolean", "new Uint8Array(0)": "Uint8Array", "0n": "bigint", "0": "number" }[zeroOf(value.scalar, false)] ?? "string"}`;
  }
}

/** Returns the expression that reads a value behind its tag. */
function valueExpression(module: Module, value: Value, number: number): Code {
  switch (value.kind) {
    case "scalar": {
      const read = `r.${methodOf(value.scalar)}()`;
      return code`${value.isText ? `${read}.toString()` : read}`;
    }
    case "enum": {
      const type = module.file.importShape(value.desc);
      return value.desc.open
        ? code`r.int32() as ${type}`
        : code`${module.namesOf(value.desc)}.known(r.int32()) as ${type}`;
    }
    case "message": {
      const decode = module.functionOf("decode", value);
      if (value.isGroup && specialName("decode", value.desc, value.isJsonObject) !== undefined) {
        // Functions of the runtime read no groups.
        return code`${module.runtime("fallBack")}()`;
      }
      const read = value.isGroup
        ? code`${decode}(r, r.bytes.length, ${tagOf(number, 4)})`
        : code`${decode}(r, r.end())`;
      return value.isUnwrapped ? code`${read}.value` : read;
    }
  }
}
