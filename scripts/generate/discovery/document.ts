import type { DescFile } from "@bufbuild/protobuf";
import { httpBindingsOf } from "../../../src/transcoding/index.ts";
import { hostsOf, scopeDescriptions, versionOf } from "../describe/api.ts";
import type { JsonObject } from "../describe/json.ts";
import { type DescribedMethod, describeMethod } from "./method.ts";
import { createSchemaNames } from "./schema-names.ts";
import { schemasOf } from "./schemas.ts";
import { standardParameters } from "./standard-parameters.ts";

/** Facts about the API that its files do not contain. */
export type ApiInfo = {
  /** `Library API`. */
  readonly title: string;
  readonly description: string;
  readonly documentationLink: string;
  /** The release of the API: changes with each, while the version in the paths stays `v1`. Google's are dates. */
  readonly revision: string;
};

/**
 * Describes the REST surface of all services in the files that have google.api.http, as a Google API Discovery
 * document (https://developers.google.com/discovery/v1/reference/apis). Its URLs have the google.api.default_host of the
 * services. A server at another host replaces `rootUrl` and `baseUrl`.
 *
 * Throws if a Discovery document cannot express the rules, or if the services have several hosts.
 */
export function discoveryDocument(files: readonly DescFile[], about: ApiInfo): JsonObject {
  const services = files.flatMap((file) => file.services);
  const bindings = services.flatMap((service) => httpBindingsOf(service));
  const exposed = services.filter((service) => bindings.some(({ method }) => method.parent === service));
  const hosts = hostsOf(exposed);
  const [host] = hosts;
  const version = versionOf(files);
  if (host === undefined || version === undefined || hosts.length > 1) {
    throw new Error(
      `a Discovery document needs exactly one host and one version, got ${hosts.join(", ") || "no host"}`,
    );
  }
  const name = host.slice(0, host.indexOf("."));
  const names = createSchemaNames(files);
  const schemas = schemasOf(bindings, names);
  const url = `https://${host}/`;
  return {
    kind: "discovery#restDescription",
    discoveryVersion: "v1",
    id: `${name}:${version}`,
    name,
    version,
    revision: about.revision,
    canonicalName: about.title.replace(/ API$/, ""),
    title: about.title,
    description: about.description,
    documentationLink: about.documentationLink,
    protocol: "rest",
    rootUrl: url,
    servicePath: "",
    basePath: "",
    baseUrl: url,
    batchPath: "batch",
    // A `%` in a resource name is data and becomes `%25` in a path.
    fullyEncodeReservedExpansion: true,
    parameters: standardParameters,
    auth: {
      oauth2: {
        scopes: Object.fromEntries(
          [...scopeDescriptions(exposed)].map(([scope, description]) => [scope, { description }]),
        ),
      },
    },
    schemas,
    ...treeOf(bindings.map((binding) => describeMethod(binding, { name, version, host, names }))),
  };
}

/** Returns `methods` and `resources` of a resource, or of the document. */
function treeOf(methods: readonly DescribedMethod[]): JsonObject {
  const own = methods.filter(({ resources }) => resources.length === 0);
  const inner = Map.groupBy(
    methods.filter(({ resources }) => resources.length > 0),
    ({ resources }) => resources[0] as string,
  );
  const duplicate = own.find(({ name }, index) => own.findIndex((other) => other.name === name) < index);
  if (duplicate !== undefined) {
    throw new Error(`two methods would have the id ${duplicate.method.id}`);
  }
  return {
    methods: own.length > 0 ? Object.fromEntries(own.map(({ name, method }) => [name, method])) : undefined,
    resources:
      inner.size > 0
        ? Object.fromEntries(
            [...inner]
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([resource, below]) => [
                resource,
                treeOf(below.map((each) => ({ ...each, resources: each.resources.slice(1) }))),
              ]),
          )
        : undefined,
  };
}
