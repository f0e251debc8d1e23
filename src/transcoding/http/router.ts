import type { DescService } from "@bufbuild/protobuf";
import { parseRequestTarget } from "./request-target.ts";
import { buildRouteTree } from "./route-tree.ts";
import { type HttpBinding, type HttpRules, httpBindingsOf } from "./rules.ts";

/**
 * Result of a lookup: the binding with the raw text of its variables and query; or the methods that the path has instead
 * (405); or undefined (404).
 */
export type RouterMatch =
  | { readonly binding: HttpBinding; readonly captures: readonly string[]; readonly query: string }
  | { readonly allowed: readonly string[] }
  | undefined;

export type Router = {
  /** `rawTarget`: the request target as received, with its query. */
  match(httpMethod: string, rawTarget: string): RouterMatch;
};

/**
 * Compiles the router of services from their google.api.http annotations; `rules` replace annotations. Throws if a rule
 * is invalid or two methods have the same route.
 */
export function compileRouter(services: readonly DescService[], rules: HttpRules = []): Router {
  const bindings = services.flatMap((service) => httpBindingsOf(service, rules));
  const tree = buildRouteTree(bindings.map((binding) => [binding, binding] as const));
  return {
    match(httpMethod, rawTarget) {
      const { path, query } = parseRequestTarget(rawTarget);
      const found = tree.match(httpMethod, path);
      return found === undefined || "allowed" in found
        ? found
        : { binding: found.route, captures: found.captures, query };
    },
  };
}
