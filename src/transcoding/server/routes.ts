import type { DescMethod, Message, Registry } from "@bufbuild/protobuf";
import type { ConnectRouter, HandlerContext, Interceptor, MethodImplSpec } from "@connectrpc/connect";
import { createAsyncIterable, transformInvokeImplementation } from "@connectrpc/connect/protocol";
import { isHttpBody } from "../http/http-body.ts";
import { buildRouteTree, type RouteTree } from "../http/route-tree.ts";
import {
  bodyFieldOf,
  type HttpBinding,
  type HttpRules,
  httpBindingsOf,
  requestStreamProblem,
} from "../http/rules.ts";
import type { ReadingOptions } from "../json/reading-state.ts";
import { wholeContext } from "./call/context.ts";
import { type AroundMethod, collectMethods, compileUnaryMethod } from "./call/methods.ts";
import { compileMessageWriter, type MessageWriter } from "./message-writer.ts";
import { compileRequestBinder, type RequestBinder, requireDistinctOneofs } from "./request-binder.ts";

/** Calls the implementation of a route, which returns one message or a stream; or why it cannot be called. */
type Invoke = {
  call(message: Message, context: HandlerContext): Promise<Message> | AsyncIterable<Message>;
} & ({ readonly kind: "unary" | "stream" } | { readonly kind: "none"; readonly problem: string });

/** A binding with everything that calls need, compiled. */
export type RestRoute = {
  readonly method: DescMethod;
  readonly binding: HttpBinding;
  readonly binder: RequestBinder;
  /** JSON name of the field that is the body, if the body is one field. */
  readonly bodyPath: string | undefined;
  /** Whether the path has a wildcard outside of variables, whose text no variable decodes. */
  readonly hasLooseWildcard: boolean;
  /** Sets a body that is a google.api.HttpBody, whose bytes are not parsed. */
  readonly setRawBody: ((message: Message, contentType: string, data: Uint8Array) => void) | undefined;
  readonly write: MessageWriter;
  readonly invoke: Invoke;
};

export type RestRouteOptions = ReadingOptions & {
  interceptors?: Interceptor[];
  /** Wraps each unary method. */
  around?: AroundMethod | undefined;
  /** Rules that replace the annotations of the methods that they select. */
  rules?: HttpRules;
  /**
   * Types that an Any and the details of errors may contain, besides the well-known types and
   * google/rpc/error_details.proto, such as `createRegistry(file_acme_quota_v1)`.
   */
  registry?: Registry | undefined;
};

/** Returns the tree of the REST routes of the registered services. Throws if a rule is invalid. */
export function compileRestRoutes(
  register: (router: ConnectRouter) => void,
  options: RestRouteOptions,
): RouteTree<RestRoute> {
  const routes: [HttpBinding, RestRoute][] = [];
  for (const { spec } of collectMethods(register)) {
    for (const binding of httpBindingsOf(spec.method.parent, options.rules)) {
      if (binding.method === spec.method) {
        routes.push([binding, createRoute(binding, spec, options)]);
      }
    }
  }
  const stray = options.rules?.find(
    ({ selector }) => !routes.some(([{ method }]) => selector === `${method.parent.typeName}.${method.name}`),
  );
  if (stray !== undefined) {
    throw new Error(`a rule has the selector "${stray.selector}", which is not a served method`);
  }
  return buildRouteTree(routes);
}

function createRoute(binding: HttpBinding, spec: MethodImplSpec, options: RestRouteOptions): RestRoute {
  const { segments, variables } = binding.template;
  requireDistinctOneofs(binding);
  return {
    method: binding.method,
    binding,
    binder: compileRequestBinder(binding, options),
    bodyPath: bodyFieldOf(binding)?.jsonName,
    hasLooseWildcard: segments.some(
      ({ kind }, index) =>
        kind !== "literal" && !variables.some(({ start, end }) => start <= index && index < end),
    ),
    setRawBody: compileRawBody(binding),
    write: compileMessageWriter(binding, options),
    invoke: compileInvoke(spec, options),
  };
}

function compileRawBody(binding: HttpBinding): RestRoute["setRawBody"] {
  const field = bodyFieldOf(binding);
  if (binding.body === "" || !isHttpBody(field ?? binding.method.input)) {
    return undefined;
  }
  return (message, contentType, data) => {
    const owner = message as Message & Record<string, unknown>;
    Object.assign(field === undefined ? owner : (owner[field.localName] as object), { contentType, data });
  };
}

function compileInvoke(spec: MethodImplSpec, { interceptors = [], around }: RestRouteOptions): Invoke {
  switch (spec.kind) {
    case "unary":
      return { kind: "unary", call: compileUnaryMethod(spec, interceptors, around) };
    case "server_streaming":
      return {
        kind: "stream",
        call: (message, context) =>
          transformInvokeImplementation(
            spec,
            wholeContext(context),
            interceptors,
          )(createAsyncIterable([message])),
      };
    default: {
      const problem = requestStreamProblem(spec.method) ?? "";
      return { kind: "none", problem, call: () => Promise.reject(new Error(problem)) };
    }
  }
}
