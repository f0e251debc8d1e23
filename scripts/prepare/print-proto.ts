import {
  createRegistry,
  type DescFile,
  type DescMessage,
  isFieldSet,
  type Message,
  type Registry,
} from "@bufbuild/protobuf";
import { toText } from "@bufbuild/protobuf/txtpb";
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  FileOptionsSchema,
  FieldDescriptorProto_Label as Label,
  MessageOptionsSchema,
  type OneofDescriptorProto,
  OneofOptionsSchema,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";

/**
 * Prints the source of a proto2 file from its descriptor. Comments are lost; compiling the text yields the same
 * descriptor. Throws for what it cannot print faithfully: other syntaxes than proto2, groups, maps, default values,
 * services and unknown options.
 */
export function printProto(file: DescFile): string {
  const { proto } = file;
  if (proto.syntax !== "" && proto.syntax !== "proto2") {
    throw new Error(`${proto.name}: cannot print syntax ${proto.syntax}`);
  }
  if (proto.service.length > 0) {
    throw new Error(`${proto.name}: cannot print services`);
  }
  const registry = createRegistry(file);
  const lines = [
    'syntax = "proto2";',
    `package ${proto.package};`,
    ...proto.dependency.map((name) => `import ${JSON.stringify(name)};`),
    ...optionsOf(FileOptionsSchema, proto.options, registry).map((option) => `option ${option};`),
    ...proto.extension.map((field) => `extend ${field.extendee} { ${fieldLine(field, registry)} }`),
    ...proto.messageType.flatMap((message) => messageLines(message, registry)),
    ...proto.enumType.flatMap((enumeration) => enumLines(enumeration, registry)),
  ];
  return `${lines.join("\n")}\n`;
}

function messageLines(message: DescriptorProto, registry: Registry): string[] {
  if (message.options?.mapEntry) {
    throw new Error(`${message.name}: cannot print map fields`);
  }
  const body = [
    ...optionsOf(MessageOptionsSchema, message.options, registry).map((option) => `option ${option};`),
    ...message.field.flatMap((field) => {
      const oneof = oneofOf(field);
      if (oneof === undefined) {
        return fieldLine(field, registry);
      }
      // A oneof is printed where its first member is: the order of fields is part of the descriptor.
      const members = message.field.filter((other) => oneofOf(other) === oneof);
      return members[0] === field ? oneofLines(message.oneofDecl[oneof], members, registry) : [];
    }),
    ...message.extension.map((field) => `extend ${field.extendee} { ${fieldLine(field, registry)} }`),
    ...message.nestedType.flatMap((nested) => messageLines(nested, registry)),
    ...message.enumType.flatMap((nested) => enumLines(nested, registry)),
    // The end of a message's range is exclusive in descriptors and inclusive in sources.
    ...message.extensionRange.map(({ start, end }) => `extensions ${start} to ${end - 1};`),
    ...message.reservedRange.map(({ start, end }) => `reserved ${start} to ${end - 1};`),
    ...message.reservedName.map((name) => `reserved ${JSON.stringify(name)};`),
  ];
  return [`message ${message.name} {`, ...body.map((line) => `  ${line}`), "}"];
}

function oneofLines(
  oneof: OneofDescriptorProto | undefined,
  members: readonly FieldDescriptorProto[],
  registry: Registry,
): string[] {
  const body = [
    ...optionsOf(OneofOptionsSchema, oneof?.options, registry).map((option) => `option ${option};`),
    ...members.map((field) => fieldLine(field, registry)),
  ];
  return [`oneof ${oneof?.name} {`, ...body.map((line) => `  ${line}`), "}"];
}

function enumLines(enumeration: EnumDescriptorProto, registry: Registry): string[] {
  const body = [
    ...optionsOf(EnumOptionsSchema, enumeration.options, registry).map((option) => `option ${option};`),
    ...enumeration.value.map(
      (value) =>
        `${value.name} = ${value.number}${bracketed(optionsOf(EnumValueOptionsSchema, value.options, registry))};`,
    ),
    ...enumeration.reservedRange.map(({ start, end }) => `reserved ${start} to ${end};`),
    ...enumeration.reservedName.map((name) => `reserved ${JSON.stringify(name)};`),
  ];
  return [`enum ${enumeration.name} {`, ...body.map((line) => `  ${line}`), "}"];
}

function fieldLine(field: FieldDescriptorProto, registry: Registry): string {
  if (field.type === Type.GROUP) {
    throw new Error(`${field.name}: cannot print groups`);
  }
  if (field.defaultValue !== "") {
    throw new Error(`${field.name}: cannot print default values`);
  }
  const label = oneofOf(field) === undefined ? `${Label[field.label].toLowerCase()} ` : "";
  const type = field.typeName || Type[field.type].toLowerCase();
  return `${label}${type} ${field.name} = ${field.number}${bracketed(optionsOf(FieldOptionsSchema, field.options, registry))};`;
}

/** Returns the index of the oneof that a field belongs to. Zero is a valid index, so presence is checked. */
function oneofOf(field: FieldDescriptorProto): number | undefined {
  return isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex) ? field.oneofIndex : undefined;
}

function bracketed(options: readonly string[]): string {
  return options.length === 0 ? "" : ` [${options.join(", ")}]`;
}

/** Returns the options that are set, as `name = value` and `(extension) = value`, in the syntax of the source. */
function optionsOf(schema: DescMessage, options: Message | undefined, registry: Registry): string[] {
  if (options === undefined) {
    return [];
  }
  for (const { no } of options.$unknown ?? []) {
    if (!registry.getExtensionFor(schema, no)) {
      throw new Error(`cannot print option ${no} of ${schema.typeName}`);
    }
  }
  // An option starts in column one; its other lines are indented or a closing brace. Strings hold no raw newline.
  const entries = toText(schema, options, { registry }).match(/^[\w[].*(?:\n[ }].*)*/gm) ?? [];
  return entries.map((entry) =>
    entry
      .replace(/^\[([\w.]+)\]/, "($1)")
      .replace(/^([\w.()]+):? /, "$1 = ")
      .replaceAll(/\n */g, " "),
  );
}
