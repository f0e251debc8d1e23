import { type DescFile, toBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";

/** Finds files for reflection. Names are full names without a leading dot. */
export type FileIndex = {
  /** Returns the file with this path, such as `google/type/money.proto`. */
  named(path: string): DescFile | undefined;
  /** Returns the file that declares a message, field, oneof, enum, enum value, extension, service or method. */
  declaring(symbol: string): DescFile | undefined;
  /** Returns the file that extends a message with this field number. */
  extending(typeName: string, number: number): DescFile | undefined;
  /** Returns the numbers of all extensions of a message, ascending; undefined if there is no such message. */
  extensionNumbers(typeName: string): readonly number[] | undefined;
  /** Returns the binary FileDescriptorProto of a file. */
  binary(file: DescFile): Uint8Array;
};

/**
 * Indexes files and all their imports. It reads the descriptors as compilers write them, and therefore also finds what
 * generated code hides: the entries of maps and the oneofs of optional fields.
 */
export function createFileIndex(files: Iterable<DescFile>): FileIndex {
  const byPath = new Map<string, DescFile>();
  const bySymbol = new Map<string, DescFile>();
  const byExtension = new Map<string, Map<number, DescFile>>();
  const messages = new Set<string>();
  const binaries = new Map<DescFile, Uint8Array>();

  function add(file: DescFile): void {
    if (byPath.has(file.proto.name)) {
      return;
    }
    byPath.set(file.proto.name, file);
    file.dependencies.forEach(add);
    addAll(file, file.proto);
  }

  function addAll(file: DescFile, proto: FileDescriptorProto): void {
    const declare = (symbol: string) => bySymbol.set(symbol, file);
    const addTypes = (
      scope: string,
      nested: readonly DescriptorProto[],
      { enumType, extension }: DescriptorProto | FileDescriptorProto,
    ) => {
      for (const { name, value } of enumType) {
        declare(scope + name);
        // Enum values are siblings of their enum, as in C++.
        for (const one of value) {
          declare(scope + one.name);
        }
      }
      for (const { name, extendee, number } of extension) {
        declare(scope + name);
        const typeName = extendee.replace(/^\./, "");
        const numbers = byExtension.get(typeName) ?? new Map<number, DescFile>();
        byExtension.set(typeName, numbers.set(number, file));
      }
      for (const message of nested) {
        const typeName = scope + message.name;
        messages.add(typeName);
        declare(typeName);
        for (const { name } of [...message.field, ...message.oneofDecl]) {
          declare(`${typeName}.${name}`);
        }
        addTypes(`${typeName}.`, message.nestedType, message);
      }
    };
    const scope = proto.package === "" ? "" : `${proto.package}.`;
    addTypes(scope, proto.messageType, proto);
    for (const service of proto.service) {
      declare(scope + service.name);
      for (const { name } of service.method) {
        declare(`${scope}${service.name}.${name}`);
      }
    }
  }

  for (const file of files) {
    add(file);
  }

  return {
    named: (path) => byPath.get(path),
    declaring: (symbol) => bySymbol.get(symbol),
    extending: (typeName, number) => byExtension.get(typeName)?.get(number),
    extensionNumbers(typeName) {
      const numbers = byExtension.get(typeName);
      if (numbers === undefined) {
        return messages.has(typeName) ? [] : undefined;
      }
      return [...numbers.keys()].sort((a, b) => a - b);
    },
    binary(file) {
      const bytes = binaries.get(file) ?? toBinary(FileDescriptorProtoSchema, file.proto);
      binaries.set(file, bytes);
      return bytes;
    },
  };
}
