import {
  type DescEnum,
  type DescEnumValue,
  type DescExtension,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescMethod,
  type DescOneof,
  type DescService,
  type FileRegistry,
  type Message,
  toJson,
} from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import {
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  FieldOptionsSchema,
  FileOptionsSchema,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  ServiceOptionsSchema,
} from "@bufbuild/protobuf/wkt";
import { ContractError } from "../contract-error.ts";
import type { JsonObject } from "../json.ts";

/** A message, enum, service or extension. */
export type Type = DescMessage | DescEnum | DescService | DescExtension;

type Element =
  | DescFile
  | DescMessage
  | DescField
  | DescExtension
  | DescOneof
  | DescEnum
  | DescEnumValue
  | DescService
  | DescMethod;

/** A contract as descriptors. */
export type Contract = {
  readonly registry: FileRegistry;
  /** The files of the contract itself. The registry has their imports, too. */
  readonly files: readonly DescFile[];
};

/** Packages that many contracts import. They are not the contract, unless there is nothing else. */
const published = /^(google|grpc)(\.|$)|^buf\.(validate|alpha)(\.|$)/;

/**
 * Selects the files of the contract itself: those that buf does not mark as imports, without the packages of Google, gRPC
 * and protovalidate, which release bundles contain.
 *
 * @param marked - Names of the files that are marked as imports.
 */
export function contractOf(registry: FileRegistry, marked: ReadonlySet<string>): Contract {
  const unmarked = [...registry.files].filter(({ proto }) => !marked.has(proto.name));
  const own = unmarked.filter(({ proto }) => !published.test(proto.package));
  return { registry, files: own.length > 0 ? own : unmarked };
}

/** Returns the packages of the contract, sorted. */
export function packagesOf({ files }: Contract): string[] {
  return [...new Set(files.map(({ proto }) => proto.package))].toSorted();
}

/** Returns all types of a file, nested ones too. */
export function typesOf(file: DescFile): Type[] {
  return [...nestedTypes(file)];
}

const schemas = {
  file: FileOptionsSchema,
  message: MessageOptionsSchema,
  field: FieldOptionsSchema,
  extension: FieldOptionsSchema,
  oneof: OneofOptionsSchema,
  enum: EnumOptionsSchema,
  enum_value: EnumValueOptionsSchema,
  service: ServiceOptionsSchema,
  rpc: MethodOptionsSchema,
} as const;

/**
 * Returns the options of an element as JSON with the names of the proto. Custom options are those that the contract
 * itself defines or imports, such as `[google.api.http]`: the versions that it was written for.
 */
export function optionsOf({ registry }: Contract, element: Element): JsonObject {
  const options = element.proto.options as Message | undefined;
  const schema = schemas[element.kind] as DescMessage;
  if (options === undefined) {
    return {};
  }
  try {
    return toJson(schema, options, { registry, useProtoFieldName: true }) as JsonObject;
  } catch (error) {
    throw new ContractError(
      `the options of ${element.toString()} are not valid: ${(error as Error).message}. Fix the contract`,
    );
  }
}
