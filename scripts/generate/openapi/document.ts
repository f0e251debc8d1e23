import { createRegistry, type DescFile, type DescService } from "@bufbuild/protobuf";
import { hostsOf, versionOf } from "../describe/api.ts";
import { descriptionOf } from "../describe/description.ts";
import type { JsonObject } from "../describe/json.ts";
import { componentSchemas } from "./component-schemas.ts";
import { errorResponse, errorResponseName } from "./error-responses.ts";
import type { SchemaContext } from "./field-schema.ts";
import { type HttpBinding, httpBindingsOf } from "./http-bindings.ts";
import { operation, typesOf } from "./operation.ts";
import { parsePathTemplate } from "./path-template.ts";
import { resourcePatternsOf } from "./resource-patterns.ts";
import { createSchemaNames } from "./schema-names.ts";
import { securitySchemes } from "./security.ts";

/** Facts about the API that its files do not contain. */
export type ApiTitle = {
  readonly title: string;
  /** SPDX identifier. */
  readonly license: string;
};

/**
 * Describes all RPCs in the files that have google.api.http, as OpenAPI 3.1. The version is that of the packages, so
 * that a release that does not change the contract does not change the document.
 *
 * @param files - The files of the contract.
 * @param allFiles - `files` and the files that they import.
 */
export function openApiDocument(
  files: readonly DescFile[],
  allFiles: readonly DescFile[],
  about: ApiTitle,
): JsonObject {
  const context: SchemaContext = { names: createSchemaNames(files), registry: createRegistry(...allFiles) };
  const services = files.flatMap((file) => file.services);
  const bindings = services.flatMap((service) => service.methods).flatMap(httpBindingsOf);
  const exposed = services.filter((service) => bindings.some(({ rpc }) => rpc.parent === service));
  return {
    openapi: "3.1.1",
    info: {
      title: about.title,
      version: versionOf(files),
      license: { name: about.license, identifier: about.license },
    },
    servers: serversOf(exposed),
    tags: exposed.map((service) => ({ name: service.name, description: descriptionOf(service) })),
    paths: pathsOf(bindings, resourcePatternsOf(allFiles), context),
    components: {
      schemas: componentSchemas(bindings.flatMap(typesOf), files, context),
      responses: { [errorResponseName]: errorResponse },
      securitySchemes: securitySchemes(exposed),
    },
  };
}

function serversOf(services: readonly DescService[]): JsonObject[] | undefined {
  const hosts = hostsOf(services);
  return hosts.length > 0 ? hosts.map((host) => ({ url: `https://${host}` })) : undefined;
}

function pathsOf(
  bindings: readonly HttpBinding[],
  resourcePatterns: readonly (readonly string[])[],
  context: SchemaContext,
): JsonObject {
  const paths = new Map<string, Record<string, JsonObject>>();
  const spelling = new Map<string, string>();
  for (const binding of bindings) {
    const template = parsePathTemplate(binding.template, resourcePatterns);
    const shape = template.path.replaceAll(/\{[^}]*\}/g, "{}");
    const other = spelling.get(shape) ?? template.path;
    if (other !== template.path) {
      throw new Error(`${other} and ${template.path} differ in parameter names only`);
    }
    spelling.set(shape, template.path);
    const item = paths.get(template.path) ?? {};
    if (item[binding.httpMethod]) {
      throw new Error(
        `${binding.httpMethod} ${template.path} is bound twice, the second time by ${binding.rpc}`,
      );
    }
    item[binding.httpMethod] = operation(binding, template, context);
    paths.set(template.path, item);
  }
  return Object.fromEntries([...paths].sort(([a], [b]) => (a < b ? -1 : 1)));
}
