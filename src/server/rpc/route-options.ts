import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { ConnectRouter, MethodImpl, ServiceImpl } from "@connectrpc/connect";

/** The options with which a method was registered. */
export type RouteOptions = NonNullable<Parameters<ConnectRouter["service"]>[2]>;

/** Registers routes and returns the options of their methods, which connect-node's handlers do not tell. */
export function registerRoutes(
  router: ConnectRouter,
  routes: (router: ConnectRouter) => void,
): ReadonlyMap<DescMethod, RouteOptions> {
  const registered = new Map<DescMethod, RouteOptions>();
  routes({
    get handlers() {
      return router.handlers;
    },
    service<Service extends DescService>(
      service: Service,
      implementation: Partial<ServiceImpl<Service>>,
      options: RouteOptions = {},
    ) {
      for (const method of service.methods) {
        registered.set(method, options);
      }
      router.service(service, implementation, options);
      return this;
    },
    rpc<Method extends DescMethod>(
      method: Method,
      implementation: MethodImpl<Method>,
      options: RouteOptions = {},
    ) {
      registered.set(method, options);
      router.rpc(method, implementation, options);
      return this;
    },
  });
  return registered;
}
