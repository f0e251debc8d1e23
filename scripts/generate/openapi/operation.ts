import { create, type DescEnum, type DescField, type DescMessage, toJson } from "@bufbuild/protobuf";
import { HttpRuleSchema } from "#deps/google/api/http_pb.js";
import { descriptionOf } from "../describe/description.ts";
import { fieldAt } from "../describe/fields.ts";
import type { JsonObject } from "../describe/json.ts";
import { errorResponsesOf } from "./error-responses.ts";
import type { ResponseExamples, Route } from "./examples.ts";
import { fieldSchema, isRequired, type SchemaContext } from "./field-schema.ts";
import type { HttpBinding } from "./http-bindings.ts";
import { propertiesOf } from "./message-schema.ts";
import { pathParameter, queryParameters } from "./parameters.ts";
import type { PathTemplate } from "./path-template.ts";
import { schemaReference } from "./schema-names.ts";
import { securityOf } from "./security.ts";
import { messageRulesOf } from "./validation-rules.ts";
import { wellKnownTypes } from "./well-known-types.ts";

/**
 * Returns the operation for one binding. `x-google-api-http` has the unconverted rule, with the full name of the RPC as
 * its selector, so that every change of a rule changes the document.
 */
export function operation(
  { binding, template: { parameters }, example }: Route,
  responseExamples: ResponseExamples,
  context: SchemaContext,
): JsonObject {
  const { rpc, rule, operationId } = binding;
  const withExample = (parameter: JsonObject) => ({
    ...parameter,
    example: example?.parameters.get(String(parameter.name)),
  });
  const selector = `${rpc.parent.typeName}.${rpc.name}`;
  return {
    operationId,
    summary: rpc.name,
    description: descriptionOf(rpc),
    tags: [rpc.parent.name],
    deprecated: rpc.deprecated || rpc.parent.deprecated || undefined,
    security: securityOf(rpc.parent),
    parameters: [
      ...parameters.map((parameter) => pathParameter(parameter, rpc.input, context)),
      ...(rule.body === "*" ? [] : queryParameters(rpc.input, isBoundBy(binding, parameters), context)),
    ].map(withExample),
    requestBody: requestBody(binding, parameters, example?.body, context),
    responses: {
      "200": {
        description: "OK",
        content: jsonContent(
          responseSchema(binding, context),
          rule.responseBody === "" ? responseExamples(rpc.output) : undefined,
        ),
      },
      ...errorResponsesOf(rpc),
    },
    "x-google-api-http": toJson(
      HttpRuleSchema,
      create(HttpRuleSchema, { ...rule, selector, additionalBindings: [] }),
    ),
    "x-buf-validate": messageRulesOf(rpc.input, context.registry),
  };
}

/** Returns the types that an operation refers to, for the component schemas. */
export function typesOf({ rpc }: HttpBinding): (DescMessage | DescEnum)[] {
  return [rpc.output, ...rpc.input.fields.flatMap((field) => field.message ?? field.enum ?? [])];
}

function isBoundBy(
  { rule }: HttpBinding,
  parameters: PathTemplate["parameters"],
): (fieldPath: string) => boolean {
  return (fieldPath) => fieldPath === rule.body || parameters.some(({ field }) => field === fieldPath);
}

function requestBody(
  { rpc, rule }: HttpBinding,
  parameters: PathTemplate["parameters"],
  example: JsonObject | undefined,
  context: SchemaContext,
): JsonObject | undefined {
  if (rule.body === "") {
    return undefined;
  }
  if (rule.body !== "*") {
    const field = fieldAt(rpc.input, rule.body);
    const { description, ...schema } = fieldSchema(field, context);
    const required = isRequired(field, context.registry);
    return { description, required, content: jsonContent(schema, example) };
  }
  const fields = rpc.input.fields.filter(
    (field: DescField) => !parameters.some((bound) => bound.field === field.name),
  );
  const required = fields.some((field) => isRequired(field, context.registry));
  // Generators name the class of the body by its title.
  const title = rpc.input.name;
  const schema = { type: "object", title, ...propertiesOf(fields, context) };
  return { required, content: jsonContent(schema, example) };
}

function responseSchema({ rpc, rule }: HttpBinding, context: SchemaContext): JsonObject {
  if (rule.responseBody !== "") {
    return fieldSchema(fieldAt(rpc.output, rule.responseBody), context);
  }
  return wellKnownTypes.get(rpc.output.typeName) ?? schemaReference(context.names(rpc.output));
}

function jsonContent(schema: JsonObject, example: JsonObject | undefined): JsonObject {
  return { "application/json": { schema, example } };
}
