import { create, type DescMessage, type DescMethod, isMessage, type Message } from "@bufbuild/protobuf";
import {
  type ConnectRouter,
  createMethodImplSpec,
  createServiceImplSpec,
  type HandlerContext,
  type Interceptor,
  type MethodImplSpec,
} from "@connectrpc/connect";
import { invokeUnaryImplementation } from "@connectrpc/connect/protocol";
import { wholeContext } from "./context.ts";

/** The options with which a service or a method was registered. */
export type MethodOptions = NonNullable<Parameters<ConnectRouter["service"]>[2]>;

/** A method and its implementation. */
export type RegisteredMethod = { readonly spec: MethodImplSpec; readonly options: MethodOptions };

/** Returns the methods that a function registers, as connect-node's router has them. */
export function collectMethods(register: (router: ConnectRouter) => void): readonly RegisteredMethod[] {
  const methods: RegisteredMethod[] = [];
  const router: ConnectRouter = {
    handlers: [],
    service(service, implementation, options = {}) {
      const specs = Object.values(createServiceImplSpec(service, implementation).methods);
      methods.push(...specs.map((spec) => ({ spec, options })));
      return router;
    },
    rpc(method, implementation, options = {}) {
      methods.push({ spec: createMethodImplSpec(method, implementation), options });
      return router;
    },
  };
  register(router);
  return methods;
}

/** Calls a unary method. Returns its message, or a promise of it. */
export type UnaryMethod = (message: Message, context: HandlerContext) => unknown;

/** Wraps a unary method, once. Unlike an interceptor it costs a call nothing but itself. */
export type AroundMethod = (method: DescMethod, call: UnaryMethod) => UnaryMethod;

/** Returns the function that calls a unary method and returns its whole message. */
export function compileUnaryMethod(
  spec: MethodImplSpec & { readonly kind: "unary" },
  interceptors: Interceptor[] = [],
  around: AroundMethod = (_, call) => call,
): (message: Message, context: HandlerContext) => Promise<Message> {
  const { method } = spec;
  const call = around(method, spec.impl as UnaryMethod);
  const whole = { ...spec, impl: call as typeof spec.impl };
  return interceptors.length === 0
    ? async (message, context) => wholeMessage(method.output, await call(message, context))
    : (message, context) => invokeUnaryImplementation(whole, wholeContext(context), message, interceptors);
}

/** Implementations may return some of the fields. */
function wholeMessage(desc: DescMessage, output: unknown): Message {
  return isMessage(output, desc) ? output : create(desc, output as never);
}
