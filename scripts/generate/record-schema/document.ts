import { createRegistry, type DescFile, type DescMessage } from "@bufbuild/protobuf";
import type { JsonObject } from "../describe/json.ts";
import { type InputContext, inputSchema, typesBelow } from "./input-schema.ts";

/** What a record of an input of `mdps push` is. */
export type RecordTypes = {
  /** URL of the schema. */
  readonly id: string;
  /** Type of the request message, such as `library.v1.PutBookRequest`. */
  readonly request: string;
  /** The field of the request that has the resource. A record may be the resource itself, with the key beside its fields. */
  readonly resource: string;
  /** Fields of the request that flags set where they are missing. */
  readonly optional: readonly string[];
};

/**
 * Returns the JSON Schema (2020-12) of a record, and of a JSON array of records. It accepts every record that
 * `mdps validate` accepts, in all forms of ProtoJSON: both names of a field, null for an absent field, numbers of enums and
 * 64-bit integers. The reverse does not hold: it lacks rules that compare fields or the time. Throws if there is no such
 * message.
 */
export function recordSchema(files: readonly DescFile[], allFiles: readonly DescFile[], types: RecordTypes) {
  const context: InputContext = { registry: createRegistry(...allFiles) };
  const request = files.flatMap((file) => file.messages).find(({ typeName }) => typeName === types.request);
  const resource = request?.fields.find(({ name }) => name === types.resource);
  if (request === undefined || resource?.message === undefined) {
    throw new Error(`there is no message ${types.request} with a message in the field ${types.resource}`);
  }
  const { id, optional } = types;
  const key = { type: "string", minLength: 1, description: "The user key, if --user-key-field names it." };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: id,
    title: "Input of mdps push",
    description:
      "One record per line (NDJSON), or a JSON array of records. `mdps validate` also checks the rules that this schema lacks.",
    if: { type: "array" },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { items: { $ref: "#/$defs/record" } },
    else: { $ref: "#/$defs/record" },
    $defs: {
      record: {
        type: "object",
        if: { anyOf: [resource.jsonName, resource.name].map((name) => ({ required: [name] })) },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { $ref: "#/$defs/request" },
        else: { $ref: "#/$defs/resourceWithUserKey" },
      },
      request: inputSchema(request, context, { optional }),
      resourceWithUserKey: inputSchema(resource.message, context, { others: key }),
      ...definitions(request, context),
    },
  } satisfies JsonObject;
}

/** Returns the schemas of the types that a message refers to, directly or not. */
function definitions(request: DescMessage, context: InputContext): JsonObject {
  return Object.fromEntries(
    [...typesBelow(request)]
      .map((type) => [type.typeName, inputSchema(type, context)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
