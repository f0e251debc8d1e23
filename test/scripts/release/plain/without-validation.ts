import { clearField, type Message } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type SourceCodeInfo_Location,
} from "@bufbuild/protobuf/wkt";

/** The number of all extensions of options in buf/validate/validate.proto. */
const validateOption = 1159;

const validateProto = "buf/validate/validate.proto";

/** Returns a descriptor without its options of protovalidate, its extensions of rules, and some imports. Changes the argument. */
export function withoutValidation(
  file: FileDescriptorProto,
  imports: readonly string[] = [validateProto],
): Omit<FileDescriptorProto, "sourceCodeInfo"> {
  removeOptions(reflect(FileDescriptorProtoSchema, file));
  file.dependency = file.dependency.filter((name) => !imports.includes(name));
  const { sourceCodeInfo: _, ...rest } = file;
  return rest;
}

function removeOptions(message: ReflectMessage): void {
  for (const field of message.fields) {
    if (!message.isSet(field)) {
      continue;
    }
    if (field.fieldKind === "list" && field.listKind === "message") {
      for (const item of message.get(field)) {
        removeOptions(item as ReflectMessage);
      }
    } else if (field.fieldKind === "message") {
      const inner = message.get(field);
      removeOptions(inner);
      if (field.name === "options" && isWithoutOptions(inner)) {
        clearField(message.message, field);
      }
    }
  }
}

/** Removes the options of protovalidate. Returns whether no other option is set. */
function isWithoutOptions(reflected: ReflectMessage): boolean {
  const options: Message = reflected.message;
  options.$unknown = options.$unknown?.filter(({ no }) => no !== validateOption);
  if (options.$unknown?.length === 0) {
    delete options.$unknown;
  }
  return options.$unknown === undefined && !reflected.fields.some((field) => reflected.isSet(field));
}

/**
 * Returns the comments of a file by the path of their element, except those on options of protovalidate and on the
 * imports with these names; and comments between elements, which belong to none.
 */
export function commentsOf(file: FileDescriptorProto, imports: readonly string[] = [validateProto]) {
  const dependency = FileDescriptorProtoSchema.field.dependency.number;
  const comments: Record<string, { leading: string; trailing: string }> = {};
  const between: string[] = [];
  for (const { path, leadingComments, trailingComments, leadingDetachedComments } of locationsOf(file)) {
    between.push(...leadingDetachedComments);
    const [first, index = 0] = path;
    // The imports after a removed one have other paths.
    const name = first === dependency ? file.dependency[index] : path.join(".");
    const isRemoved = path.includes(validateOption) || (first === dependency && imports.includes(name ?? ""));
    if (!isRemoved && `${leadingComments}${trailingComments}` !== "") {
      comments[name ?? ""] = { leading: leadingComments, trailing: trailingComments };
    }
  }
  return { comments, between };
}

/** Returns the locations of a file, in the order of its text. */
function locationsOf(file: FileDescriptorProto): SourceCodeInfo_Location[] {
  const locations = file.sourceCodeInfo?.location ?? [];
  return locations.toSorted(({ span: [a = 0, b = 0] }, { span: [c = 0, d = 0] }) => a - c || b - d);
}
