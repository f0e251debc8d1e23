import type { DescService } from "@bufbuild/protobuf";
import { parseRequestTarget } from "./request-target.ts";
import { buildRouteTree } from "./route-tree.ts";
import { type HttpBinding, type HttpRules, httpBindingsOf } from "./rules.ts";

/**
 * What a request target leads to: a binding with the raw text of its variables and query; the methods that the path
 * has instead (405); or nothing (404).
 */
export type RouterMatch =
  | { readonly binding: HttpBinding; readonly captures: readonly string[]; readonly query: string }
  | { readonly allowed: readonly string[] }
  | undefined;

/** Finds the RPC of an HTTP request. */
export type Router = {
  /** `rawTarget` is the request target as it came over the wire, with its query. */
  match(httpMethod: string, rawTarget: string): RouterMatch;
};

/**
 * Compiles the router of some services from their google.api.http annotations, or the rules given instead. Throws
 * if a rule is wrong, or two methods have the same route.
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
