import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { HttpBinding } from "../../../src/transcoding/index.ts";
import { descriptionOf } from "../describe/description.ts";
import type { JsonObject } from "../describe/json.ts";
import { bodyType, responseType } from "./body-types.ts";
import { fieldSchema } from "./field-schema.ts";
import type { SchemaNames } from "./schema-names.ts";
import { wellKnownTypes } from "./value-types.ts";

/** Returns the schemas of the messages in request and response bodies, sorted by name. */
export function schemasOf(bindings: readonly HttpBinding[], names: SchemaNames): JsonObject {
  const messages = new Set<DescMessage>();
  const omitted = fieldsOfPaths(bindings);
  const collect = (message: DescMessage | undefined) => {
    if (message === undefined || messages.has(message) || wellKnownTypes.has(message.typeName)) {
      return;
    }
    messages.add(message);
    for (const field of fieldsOf(message, omitted)) {
      collect(field.message);
    }
  };
  for (const binding of bindings) {
    collect(bodyType(binding));
    collect(responseType(binding));
  }
  return Object.fromEntries(
    [...messages]
      .map((message) => [names(message), messageSchema(message, fieldsOf(message, omitted), names)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Returns the schema of a message: an object with a property for each field. */
function messageSchema(message: DescMessage, fields: readonly DescField[], names: SchemaNames): JsonObject {
  return {
    id: names(message),
    description: descriptionOf(message),
    type: "object",
    properties: Object.fromEntries(fields.map((field) => [field.jsonName, fieldSchema(field, names)])),
    deprecated: message.deprecated || undefined,
  };
}

/**
 * Returns the fields that are never in a body that is a whole request, because the path binds them. If several methods
 * have the same message as their body, only the fields that all their paths bind are left out.
 */
function fieldsOfPaths(bindings: readonly HttpBinding[]): ReadonlyMap<DescMessage, ReadonlySet<string>> {
  const omitted = new Map<DescMessage, ReadonlySet<string>>();
  for (const { method, body, template } of bindings) {
    if (body !== "*") {
      continue;
    }
    const own = new Set(template.variables.map(({ fieldPath }) => fieldPath.join(".")));
    omitted.set(method.input, omitted.get(method.input)?.intersection(own) ?? own);
  }
  return omitted;
}

function fieldsOf(
  message: DescMessage,
  omitted: ReadonlyMap<DescMessage, ReadonlySet<string>>,
): readonly DescField[] {
  return message.fields.filter(({ name }) => !omitted.get(message)?.has(name));
}
