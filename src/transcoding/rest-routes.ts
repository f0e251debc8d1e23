import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  isMessage,
  type Message,
} from "@bufbuild/protobuf";
import {
  type ConnectRouter,
  createMethodImplSpec,
  createServiceImplSpec,
  type HandlerContext,
  type Interceptor,
  type MethodImplSpec,
} from "@connectrpc/connect";
import { invokeUnaryImplementation } from "@connectrpc/connect/protocol";
import { type HttpBinding, httpBindingsOf } from "./http-rules.ts";
import { type BindOptions, compileRequestBinder, type RequestBinder } from "./request-binder.ts";
import { buildRouteTree, type RouteTree } from "./route-tree.ts";

/** A binding with everything that a call needs, compiled. */
export type RestRoute = {
  readonly method: DescMethod;
  readonly binding: HttpBinding;
  readonly binder: RequestBinder;
  /** JSON path of the field that is the body, if the body is one field. */
  readonly bodyPath: string | undefined;
  /** Calls the implementation, through the interceptors if there are any. */
  invoke(message: Message, context: HandlerContext): Promise<Message>;
};

/** Collects services as a ConnectRouter does, and returns the tree of their REST routes. Throws on a bad rule. */
export function compileRestRoutes(
  register: (router: ConnectRouter) => void,
  interceptors: Interceptor[],
  options: BindOptions,
): RouteTree<RestRoute> {
  const routes: [HttpBinding, RestRoute][] = [];
  const add = (spec: MethodImplSpec, service: DescService) => {
    for (const binding of httpBindingsOf(service).filter(({ method }) => method === spec.method)) {
      routes.push([binding, createRoute(binding, spec, interceptors, options)]);
    }
  };
  const router: ConnectRouter = {
    handlers: [],
    service(service, implementation) {
      for (const spec of Object.values(createServiceImplSpec(service, implementation).methods)) {
        add(spec, service);
      }
      return router;
    },
    rpc(method, implementation) {
      add(createMethodImplSpec(method, implementation), method.parent);
      return router;
    },
  };
  register(router);
  return buildRouteTree(routes);
}

function createRoute(
  binding: HttpBinding,
  spec: MethodImplSpec,
  interceptors: Interceptor[],
  options: BindOptions,
): RestRoute {
  const { method } = binding;
  if (spec.kind !== "unary") {
    throw new Error(`${method}: its google.api.http rule cannot be served, for it is a streaming method`);
  }
  const bodyField = method.input.fields.find(({ name }) => name === binding.body);
  return {
    method,
    binding,
    binder: compileRequestBinder(binding, options),
    bodyPath: bodyField?.jsonName,
    invoke:
      interceptors.length === 0
        ? async (message, context) => normalized(method.output, await spec.impl(message, context))
        : (message, context) => invokeUnaryImplementation(spec, context, message, interceptors),
  };
}

function normalized(desc: DescMessage, output: unknown): Message {
  return isMessage(output, desc) ? output : create(desc, output as never);
}
