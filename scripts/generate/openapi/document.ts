import { createRegistry, type DescEnum, type DescFile, type DescService } from "@bufbuild/protobuf";
import { hostsOf, versionOf } from "../describe/api.ts";
import { descriptionOf } from "../describe/description.ts";
import type { JsonObject } from "../describe/json.ts";
import { componentSchemas } from "./component-schemas.ts";
import { errorResponseComponents } from "./error-responses.ts";
import { errorSchemas } from "./error-schemas.ts";
import { callExampleOf, createResponseExamples, exampleTimeOf, type Route } from "./examples.ts";
import type { SchemaContext } from "./field-schema.ts";
import { httpBindingsOf } from "./http-bindings.ts";
import { errorReasonName } from "./message-schema.ts";
import { operation, typesOf } from "./operation.ts";
import { parsePathTemplate } from "./path-template.ts";
import { resourcePatternsOf } from "./resource-patterns.ts";
import { createSchemaNames } from "./schema-names.ts";
import { securitySchemes } from "./security.ts";

/** Facts about the API that its files do not contain. */
export type ApiTitle = {
  /** The packages whose services are described. */
  readonly packages: readonly string[];
  readonly title: string;
  readonly description: string;
  /** Version of the release. */
  readonly version: string;
  /** SPDX identifier. */
  readonly license: string;
  /** Who answers questions about the document. */
  readonly contact: { readonly name: string; readonly url: string };
  /** URL of the documentation of the API. */
  readonly documentation: string;
  /** Values of output-only fields in the examples of responses, by full name. */
  readonly outputFields: JsonObject;
};

/** What all operations have in common. */
const conventions = [
  "JSON is that of Protobuf: 64-bit integers are strings, times are RFC 3339, and enums are names. A server may reject " +
    "unknown fields in requests. Ignore unknown fields in responses.",
  "Every error is an `ErrorResponse`. The `reason` in its details is for programs, its message is for people.",
].join("\n\n");

/**
 * Describes the RPCs of some packages that have google.api.http, as OpenAPI 3.1.
 *
 * @param files - The files of the contract.
 * @param allFiles - `files` and the files that they import.
 */
export function openApiDocument(
  files: readonly DescFile[],
  allFiles: readonly DescFile[],
  about: ApiTitle,
): JsonObject {
  // The paths have the version of the API. A document cannot describe several.
  versionOf(files);
  const context: SchemaContext = { names: createSchemaNames(files), registry: createRegistry(...allFiles) };
  const described = files.filter(({ proto }) => about.packages.includes(proto.package));
  const services = described.flatMap((file) => file.services);
  const bindings = services.flatMap((service) => service.methods).flatMap(httpBindingsOf);
  const exposed = services.filter((service) => bindings.some(({ rpc }) => rpc.parent === service));
  const errorReasons = errorReasonsOf(files);
  const resourcePatterns = resourcePatternsOf(allFiles);
  const routes = bindings.map((binding): Route => {
    const template = parsePathTemplate(binding.template, resourcePatterns);
    return { binding, template, example: callExampleOf(binding, template) };
  });
  const responseExamples = createResponseExamples(routes, about.outputFields);
  return {
    openapi: "3.1.1",
    info: {
      title: about.title,
      version: about.version,
      description: `${about.description}\n\n${conventions}`,
      contact: about.contact,
      license: { name: about.license, identifier: about.license },
    },
    externalDocs: { url: about.documentation },
    servers: serversOf(exposed),
    tags: exposed.map((service) => ({ name: service.name, description: descriptionOf(service) })),
    // The examples must not become stale: a server that serves the document shifts their times so that this one is now.
    "x-example-time": exampleTimeOf(routes),
    paths: pathsOf(routes, (route) => operation(route, responseExamples, context)),
    components: {
      schemas: sorted({
        ...componentSchemas([...bindings.flatMap(typesOf), ...errorReasons], described, context),
        ...errorSchemas(errorReasons.map(context.names)[0]),
      }),
      responses: errorResponseComponents([...new Set(bindings.map(({ rpc }) => rpc))]),
      securitySchemes: securitySchemes(exposed),
    },
  };
}

/**
 * Returns the default host of the services, as a variable: other servers have the same API. Without one, the server is
 * that of the document (the default of OpenAPI).
 */
function serversOf(services: readonly DescService[]): JsonObject[] {
  const hosts = hostsOf(services);
  const description = "Host and port of the server that you call.";
  return hosts.length > 0
    ? hosts.map((host) => ({ url: "https://{host}", variables: { host: { default: host, description } } }))
    : [{ url: "/" }];
}

/** Returns the enum of error reasons (AIP-193), if there is one. */
function errorReasonsOf(files: readonly DescFile[]): DescEnum[] {
  return files.flatMap((file) => file.enums).filter(({ name }) => name === errorReasonName);
}

function sorted(schemas: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function pathsOf(routes: readonly Route[], describe: (route: Route) => JsonObject): JsonObject {
  const paths = new Map<string, Record<string, JsonObject>>();
  const spelling = new Map<string, string>();
  for (const route of routes) {
    const {
      binding: { rpc, httpMethod },
      template: { path },
    } = route;
    const shape = path.replaceAll(/\{[^}]*\}/g, "{}");
    const other = spelling.get(shape) ?? path;
    if (other !== path) {
      throw new Error(`${other} and ${path} differ in parameter names only`);
    }
    spelling.set(shape, path);
    const item = paths.get(path) ?? {};
    if (item[httpMethod]) {
      throw new Error(`${httpMethod} ${path} is bound twice, the second time by ${rpc}`);
    }
    item[httpMethod] = describe(route);
    paths.set(path, item);
  }
  return Object.fromEntries([...paths].sort(([a], [b]) => (a < b ? -1 : 1)));
}
