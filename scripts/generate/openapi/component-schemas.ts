import type { DescEnum, DescFile, DescMessage } from "@bufbuild/protobuf";
import type { JsonObject } from "../describe/json.ts";
import type { SchemaContext } from "./field-schema.ts";
import { enumSchema, messageSchema } from "./message-schema.ts";
import { wellKnownTypes } from "./well-known-types.ts";

/**
 * Returns the schemas of the types that the document refers to, directly or not, and of all enums of the files that it
 * describes.
 */
export function componentSchemas(
  referred: readonly (DescMessage | DescEnum)[],
  files: readonly DescFile[],
  context: SchemaContext,
): JsonObject {
  const types = new Set<DescMessage | DescEnum>(files.flatMap((file) => file.enums));
  for (const type of referred) {
    collect(type, types);
  }
  return Object.fromEntries(
    [...types].map((type) => [
      context.names(type),
      type.kind === "enum" ? enumSchema(type, context) : messageSchema(type, context),
    ]),
  );
}

function collect(type: DescMessage | DescEnum, types: Set<DescMessage | DescEnum>): void {
  if (types.has(type) || wellKnownTypes.has(type.typeName) || type.typeName === "google.protobuf.NullValue") {
    return;
  }
  types.add(type);
  if (type.kind === "enum") {
    return;
  }
  for (const field of type.fields) {
    const next = field.message ?? field.enum;
    if (next) {
      collect(next, types);
    }
  }
}
