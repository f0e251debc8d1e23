import type { DescField } from "@bufbuild/protobuf";
import { hasOption } from "@bufbuild/protobuf";
import { default_host } from "#deps/google/api/client_pb.js";
import { scopesOf } from "../../../src/auth/scopes.ts";
import type { HttpBinding } from "../../../src/transcoding/index.ts";
import { descriptionOf } from "../describe/description.ts";
import { queryFields } from "../describe/fields.ts";
import type { JsonObject } from "../describe/json.ts";
import { bodyType, responseType } from "./body-types.ts";
import { describedField, elementSchema, isRequired } from "./field-schema.ts";
import { type MethodPath, methodPath, type PathVariable } from "./paths.ts";
import type { SchemaNames } from "./schema-names.ts";
import { textTypes } from "./value-types.ts";

/** Facts about the API that all methods share. */
export type ApiContext = {
  /** `mobiledataplansharing`. */
  readonly name: string;
  /** `v1`. */
  readonly version: string;
  /** The host of the document. It serves the services that have a google.api.default_host. */
  readonly host: string;
  readonly names: SchemaNames;
};

/** A method and its place in the document: `create` in the resources `operators`, `planStatuses`. */
export type DescribedMethod = {
  readonly resources: readonly string[];
  readonly name: string;
  readonly method: JsonObject;
};

/** Describes the method for one binding. */
export function describeMethod(binding: HttpBinding, api: ApiContext): DescribedMethod {
  const { method: rpc, httpMethod } = binding;
  const path = methodPath(binding, api.version);
  const name = methodName(binding);
  const query = queryFields(rpc.input, isBoundBy(binding), ({ typeName }) => textTypes.has(typeName));
  const body = bodyType(binding);
  const scopes = scopesOf(rpc.parent);
  return {
    resources: path.collections,
    name,
    method: {
      id: [api.name, ...path.collections, name].join("."),
      description: descriptionOfMethod(binding, api),
      httpMethod,
      path: path.path,
      flatPath: path.flatPath,
      parameterOrder: parameterOrder(path, query),
      parameters: Object.fromEntries([
        ...path.variables.map((variable) => [variable.name, pathParameter(variable, api)] as const),
        ...query.map((fields) => [queryName(fields), queryParameter(fields, api)] as const),
      ]),
      request: body && { $ref: api.names(body) },
      response: { $ref: api.names(responseType(binding)) },
      scopes: scopes.length > 0 ? scopes : undefined,
      deprecated: rpc.deprecated || rpc.parent.deprecated || undefined,
    },
  };
}

/** Returns the verb of the path if it has one; otherwise `create` for CreateBook and `patch` for UpdateBook. */
function methodName({ method, httpMethod, template }: HttpBinding): string {
  if (template.verb !== undefined) {
    return template.verb;
  }
  const verb = /^[A-Z]?[a-z0-9]*/.exec(method.name)?.[0].toLowerCase() ?? "";
  return verb === "update" && httpMethod === "PATCH" ? "patch" : verb;
}

function descriptionOfMethod({ method }: HttpBinding, { host }: ApiContext): string | undefined {
  const note = hasOption(method.parent, default_host) ? undefined : `Not served by ${host}.`;
  return [descriptionOf(method), note].filter(Boolean).join("\n\n") || undefined;
}

/** Returns the names of the required parameters: those of the path in its order, then those of the query. */
function parameterOrder(path: MethodPath, query: readonly DescField[][]): string[] {
  return [
    ...path.variables.map(({ name }) => name),
    ...query.filter((fields) => fields.every(isRequired)).map(queryName),
  ];
}

function pathParameter({ field, pattern }: PathVariable, { names }: ApiContext): JsonObject {
  return {
    description: describedField(field),
    location: "path",
    required: true,
    ...elementSchema(field, names),
    pattern,
    deprecated: field.deprecated || undefined,
  };
}

function queryParameter(fields: readonly DescField[], { names }: ApiContext): JsonObject {
  const field = fields.at(-1) as DescField;
  return {
    description: describedField(field),
    location: "query",
    required: fields.every(isRequired) || undefined,
    repeated: field.fieldKind === "list" || undefined,
    ...elementSchema(field, names),
    deprecated: field.deprecated || undefined,
  };
}

function queryName(fields: readonly DescField[]): string {
  return fields.map(({ jsonName }) => jsonName).join(".");
}

function isBoundBy({ body, template }: HttpBinding): (fieldPath: string) => boolean {
  return (fieldPath) =>
    body === "*" ||
    body === fieldPath ||
    template.variables.some((variable) => variable.fieldPath.join(".") === fieldPath);
}
