import { type DescFile, type DescService, getOption } from "@bufbuild/protobuf";
import { default_host } from "#deps/google/api/client_pb.js";
import { scopesOf } from "../../../src/auth/scopes.ts";

/** Returns the last part of the package names, such as `v1`. Throws if the files have several. */
export function versionOf(files: readonly DescFile[]): string | undefined {
  const versions = new Set(files.map((file) => file.proto.package.split(".").at(-1)));
  if (versions.size > 1) {
    throw new Error(`one document cannot describe several versions: ${[...versions].join(", ")}`);
  }
  return [...versions][0];
}

/** Returns the hosts that serve the services, by their google.api.default_host. */
export function hostsOf(services: readonly DescService[]): string[] {
  return [...new Set(services.map((service) => getOption(service, default_host)))].filter(
    (host) => host !== "",
  );
}

/** Returns a description of each scope of the services, such as `Call PlanStatusService, PlanGroupService`. */
export function scopeDescriptions(services: readonly DescService[]): ReadonlyMap<string, string> {
  const scopes = new Map<string, string[]>();
  for (const service of services) {
    for (const scope of scopesOf(service)) {
      scopes.set(scope, [...(scopes.get(scope) ?? []), service.name]);
    }
  }
  return new Map([...scopes].map(([scope, names]) => [scope, `Call ${names.join(", ")}`]));
}
