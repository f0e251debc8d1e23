import type { Registry } from "@bufbuild/protobuf";
import { type ConnectRouter, createContextValues, type Interceptor } from "@connectrpc/connect";
import { createRequestGate } from "../../../src/auth/request-gate.ts";
import { isFailure } from "../../../src/contract/api-error.ts";
import { createAdmission } from "../../../src/server/calls/admission.ts";
import { createRouter } from "../../../src/server/calls/router.ts";
import { type Listener, listen } from "../../../src/server/connections/listener.ts";
import type { HttpHandler } from "../../../src/server/http-handler.ts";
import { createOperatorRates } from "../../../src/server/limits/operator-rates.ts";
import { createOverloadGuard } from "../../../src/server/limits/overload.ts";
import { defaultLimits } from "../../../src/server/limits/server-limits.ts";
import { createRpcHandler, type RpcHandlerOptions } from "../../../src/server/rpc/handler.ts";
import { callFactsKey, factsOf } from "../../../src/server/telemetry/call-facts.ts";
import { createRequestObserver } from "../../../src/server/telemetry/observe-requests.ts";
import { createTranscodingHandler } from "../../../src/transcoding/index.ts";

export type RpcStackOptions = Pick<RpcHandlerOptions, "ignoreUnknownFields" | "contextValues"> & {
  readonly routes: (router: ConnectRouter) => void;
  readonly registry: Registry;
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Defaults to that of the server. */
  readonly readMaxBytes?: number | undefined;
  readonly interceptors?: Interceptor[] | undefined;
  readonly shutdownSignal?: AbortSignal | undefined;
};

/**
 * Serves routes as the server does: listener, router, admission, and the handlers of REST and RPC. Its gate admits
 * everybody, and the load of the machine decides nothing.
 */
export async function listenRpcStack(options: RpcStackOptions): Promise<Listener> {
  const readMaxBytes = options.readMaxBytes ?? defaultLimits.maxRequestBytes;
  const limits = { ...defaultLimits, maxRequestBytes: readMaxBytes, maxEventLoopDelayMs: 0 };
  const overload = createOverloadGuard(limits);
  const admission = createAdmission({
    requestGate: createRequestGate({
      verifyToken: async () => ({ rejected: "no token is expected" }),
      isOpen: () => true,
    }),
    overload,
    rates: createOperatorRates(limits),
  });
  const common = {
    routes: options.routes,
    around: ((_, call) =>
      async function admitCall(message, context) {
        await admission.admit(message, context);
        return await call(message, context);
      }) satisfies RpcHandlerOptions["around"],
    requestGate: admission.requestGate,
    ignoreUnknownFields: options.ignoreUnknownFields,
    readMaxBytes,
    registry: options.registry,
    shutdownSignal: options.shutdownSignal ?? new AbortController().signal,
    contextValues: (request: Parameters<HttpHandler>[0]) =>
      (options.contextValues?.(request) ?? createContextValues()).set(callFactsKey, factsOf(request)),
  };
  const all = { ...common, interceptors: options.interceptors ?? [], onFailure: () => undefined, isFailure };
  const rpc = createRpcHandler(all);
  const rest = createTranscodingHandler(all);
  const observe = createRequestObserver([({ call }) => call.release?.()], () => "127.0.0.1");
  const notFound: HttpHandler = (_, response) => {
    response.statusCode = 404;
    response.end();
  };
  const pages = { tokenEndpoint: notFound, page: () => undefined, probes: notFound };
  return await listen(
    { host: "127.0.0.1", port: 0, tls: options.tls, limits },
    createRouter({ ...pages, rest, rpc }, observe, overload),
  );
}
