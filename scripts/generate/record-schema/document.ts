import { createRegistry, type DescField, type DescFile, type DescMessage } from "@bufbuild/protobuf";
import type { JsonObject } from "../describe/json.ts";
import { type InputContext, inputSchema, typesBelow } from "./input-schema.ts";

/** What a record of an input of `mdps push` is. */
export type RecordTypes = {
  /** Type of the request message, such as `library.v1.PutBookRequest`. */
  readonly request: string;
  /** The field of the request that identifies the resource. */
  readonly key: string;
  /** The field of the request that has the resource. A record may be the resource itself, with the key beside its fields. */
  readonly resource: string;
  /** Fields of the request that flags set where they are missing. */
  readonly optional: readonly string[];
};

/** A kind of records, with the names of its schemas in the document. */
type Kind = {
  readonly request: DescMessage;
  readonly resource: DescMessage;
  readonly resourceField: DescField;
  readonly keyField: DescField;
  readonly optional: readonly string[];
  readonly requestName: string;
  readonly resourceName: string;
};

/**
 * Returns the JSON Schema (2020-12) with this id (URL) of a record, and of a JSON array of records. It accepts every record
 * that `mdps validate` accepts, in all forms of ProtoJSON: both names of a field, null for an absent field, numbers of enums
 * and 64-bit integers. The reverse does not hold: it lacks rules that compare fields or the time. A record that fits none of
 * the kinds is taken for a resource of the first. Throws if there is no such message.
 */
export function recordSchema(
  files: readonly DescFile[],
  allFiles: readonly DescFile[],
  id: string,
  types: readonly RecordTypes[],
) {
  const context: InputContext = { registry: createRegistry(...allFiles) };
  const kinds = types.map((each) => kindOf(files, each));
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
      record: { type: "object", ...choice(kinds) },
      ...Object.fromEntries(
        kinds.flatMap(({ request, resource, optional, requestName, resourceName }) => [
          [requestName, inputSchema(request, context, { optional })],
          [resourceName, inputSchema(resource, context, { others: key })],
        ]),
      ),
      ...definitions(
        kinds.map(({ request }) => request),
        context,
      ),
    },
  } satisfies JsonObject;
}

function kindOf(files: readonly DescFile[], { request, resource, key, optional }: RecordTypes): Kind {
  const message = files.flatMap((file) => file.messages).find(({ typeName }) => typeName === request);
  const resourceField = message?.fields.find(({ name }) => name === resource);
  const keyField = message?.fields.find(({ name }) => name === key);
  if (message === undefined || keyField === undefined || resourceField?.message === undefined) {
    throw new Error(
      `there is no message ${request} with a message in the field ${resource} and a field ${key}`,
    );
  }
  return {
    request: message,
    resource: resourceField.message,
    resourceField,
    keyField,
    optional,
    requestName: message.name,
    resourceName: `${resourceField.message.name}WithUserKey`,
  };
}

/** Returns the schema that chooses one of the kinds by the members of a record. */
function choice(kinds: readonly Kind[]): JsonObject {
  const [first, ...others] = kinds;
  if (first === undefined) {
    return {};
  }
  const refTo = (name: string) => ({ $ref: `#/$defs/${name}` });
  const cases: (readonly [fields: readonly DescField[], schema: JsonObject])[] = [
    ...kinds.map(({ resourceField, requestName }) => [[resourceField], refTo(requestName)] as const),
    ...others.map((kind) => [fieldsOnlyIn(kind.resource, first.resource), refTo(kind.resourceName)] as const),
    // The resource is optional in the request, and the flag may give the key of a plain resource the same name.
    ...others.map(
      ({ keyField, requestName }) =>
        [[keyField], { anyOf: [refTo(requestName), refTo(first.resourceName)] }] as const,
    ),
  ];
  return cases.reduceRight<JsonObject>(
    (otherwise, [fields, schema]) => ({
      if: {
        anyOf: fields.flatMap(({ name, jsonName }) =>
          [...new Set([jsonName, name])].map((each) => ({ required: [each] })),
        ),
      },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: schema,
      else: otherwise,
    }),
    refTo(first.resourceName),
  );
}

function fieldsOnlyIn(desc: DescMessage, other: DescMessage): DescField[] {
  const names = new Set(other.fields.map(({ name }) => name));
  return desc.fields.filter(({ name }) => !names.has(name));
}

/** Returns the schemas of the types that messages refer to, directly or not. */
function definitions(requests: readonly DescMessage[], context: InputContext): JsonObject {
  const types = new Set(requests.flatMap((request) => [...typesBelow(request)]));
  return Object.fromEntries(
    [...types]
      .map((type) => [type.typeName, inputSchema(type, context)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
