import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import type { ConnectRouter, HandlerContext, MethodImpl, ServiceImpl } from "@connectrpc/connect";

/** Is told of a call when its request has been read; refuses it by throwing. */
export type BeforeCall = (request: Message, context: HandlerContext) => Promise<void> | undefined;

/** Is told what a call fails with. */
export type OnCallFailure = (cause: unknown, context: HandlerContext) => void;

type Implementation = (request: Message, context: HandlerContext) => Promise<unknown>;

/**
 * Returns routes whose unary methods are called under observation, on every protocol alike. Not an interceptor: those
 * cost REST calls more than the rest of their way.
 */
export function observeRoutes(
  routes: (router: ConnectRouter) => void,
  before: BeforeCall,
  onFailure: OnCallFailure,
): (router: ConnectRouter) => void {
  const observed =
    (implementation: Implementation): Implementation =>
    async (request, context) => {
      try {
        await before(request, context);
        return await implementation(request, context);
      } catch (cause) {
        onFailure(cause, context);
        throw cause;
      }
    };
  const wrap = (method: DescMethod | undefined, implementation: unknown) =>
    method?.methodKind === "unary" && typeof implementation === "function"
      ? observed(implementation as Implementation)
      : implementation;

  return (router) => {
    routes({
      get handlers() {
        return router.handlers;
      },
      service<Service extends DescService>(service: Service, implementation: Partial<ServiceImpl<Service>>) {
        const methods = Object.entries(implementation).map(([name, each]) => [
          name,
          wrap(service.method[name], each),
        ]);
        router.service(service, Object.fromEntries(methods) as Partial<ServiceImpl<Service>>);
        return this;
      },
      rpc<Method extends DescMethod>(method: Method, implementation: MethodImpl<Method>) {
        router.rpc(method, wrap(method, implementation) as MethodImpl<Method>);
        return this;
      },
    });
  };
}
