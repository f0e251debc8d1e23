import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import type { ConnectRouter, HandlerContext, MethodImpl, ServiceImpl } from "@connectrpc/connect";

/** Checks a call whose request has been read; rejects it by throwing. */
export type Admit = (request: Message, context: HandlerContext) => Promise<void> | undefined;

/** Wraps a unary method, which is called once a call is admitted. */
type Around = (method: DescMethod, call: Implementation) => Implementation;

type ServiceOptions = Parameters<ConnectRouter["service"]>[2];
type Implementation = (request: Message, context: HandlerContext) => Promise<unknown>;

/**
 * Returns routes whose unary methods are called once they are admitted, on every protocol. Not an interceptor, because
 * interceptors cost REST calls more than everything else on their path.
 */
export function admitRoutes(
  routes: (router: ConnectRouter) => void,
  admit: Admit,
  around: Around = (_, call) => call,
): (router: ConnectRouter) => void {
  function admitted(method: DescMethod | undefined, implementation: unknown): unknown {
    if (method?.methodKind !== "unary" || typeof implementation !== "function") {
      return implementation;
    }
    const call = around(method, implementation as Implementation);
    return async function admitCall(...args: Parameters<Implementation>) {
      await admit(...args);
      return await call(...args);
    };
  }

  return (router) => {
    routes({
      get handlers() {
        return router.handlers;
      },
      service<Service extends DescService>(
        service: Service,
        implementation: Partial<ServiceImpl<Service>>,
        options?: ServiceOptions,
      ) {
        const methods = Object.entries(implementation).map(([name, each]) => [
          name,
          admitted(service.method[name], each),
        ]);
        router.service(service, Object.fromEntries(methods) as Partial<ServiceImpl<Service>>, options);
        return this;
      },
      rpc<Method extends DescMethod>(
        method: Method,
        implementation: MethodImpl<Method>,
        options?: ServiceOptions,
      ) {
        router.rpc(method, admitted(method, implementation) as MethodImpl<Method>, options);
        return this;
      },
    });
  };
}
