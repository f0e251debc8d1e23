import type { DescService } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { Health } from "#deps/grpc/health/v1/health_pb.js";
import discoveryDocument from "../../../gen/discovery.json" with { type: "json" };
import { createAuthentication } from "../../auth/authentication.ts";
import { createRequestGate } from "../../auth/request-gate.ts";
import { errorDomain } from "../../contract/api-error.ts";
import type { Clock } from "../../contract/clock.ts";
import { reflectionServices } from "../../services/reflection/service.ts";
import { createTranscodingHandler } from "../../transcoding/index.ts";
import type { HttpHandler } from "../http-handler.ts";
import { createOperatorRates } from "../limits/operator-rates.ts";
import type { CallerClass, OverloadGuard } from "../limits/overload.ts";
import type { ServerLimits } from "../limits/server-limits.ts";
import { createDiscovery } from "../pages/discovery.ts";
import { createTokenEndpoint } from "../pages/token-endpoint.ts";
import { corsOptionsOf } from "../rpc/cross-origin.ts";
import { compressMinBytes, createRpcHandler } from "../rpc/handler.ts";
import type { ServerOptions } from "../server-options.ts";
import { factsOf, settleOutcome } from "../telemetry/call-facts.ts";
import type { ServerMetrics } from "../telemetry/metrics.ts";
import type { ObserveRequest } from "../telemetry/observe-requests.ts";
import { observeTokens } from "../telemetry/observed-tokens.ts";
import type { ServerLog } from "../telemetry/request-log.ts";
import { createFailureInterceptor, type LogFailure } from "../unexpected-errors.ts";
import { createAdmission } from "./admission.ts";
import { admitRoutes } from "./admitted-routes.ts";
import { contextValuesOf, createRouter, requestIdHeaders } from "./router.ts";

export type RouterWithHandlersOptions = {
  options: ServerOptions & { clock: Clock };
  limits: ServerLimits;
  routes: (router: ConnectRouter) => void;
  observe: ObserveRequest;
  overload: OverloadGuard;
  metrics: ServerMetrics | undefined;
  log: ServerLog | undefined;
  /** URLs under which clients reach the server. */
  publicUrls: () => readonly string[];
  /** Aborts the signals of running calls. */
  shutdownSignal: AbortSignal;
};

/**
 * Creates the handlers and the router in front of them: the four protocols with the same routes, request gate and
 * limits, the token endpoint and the Discovery document. Rejects with SigningKeyError or ServiceAccountsError.
 */
export async function createRouterWithHandlers({
  options,
  limits,
  observe,
  overload,
  metrics,
  log,
  publicUrls,
  shutdownSignal,
  routes,
}: RouterWithHandlersOptions): Promise<HttpHandler> {
  const { verifyToken, grantToken } = await createAuthentication({
    dataDirectory: options.dataDirectory,
    clock: options.clock,
    config: options.auth,
    introspectionSecret: options.introspectionSecret,
    publicUrls,
  });
  const logFailure: LogFailure =
    options.logFailure ??
    log?.failure ??
    ((cause, method) => {
      console.error(`${method} failed:`, cause);
    });
  const admission = createAdmission({
    requestGate: createRequestGate({
      verifyToken: observeTokens(verifyToken, metrics),
      isOpen: (service) => callersOf(service) !== "authenticated",
    }),
    callersOf,
    overload,
    rates: options.worker?.rates ?? createOperatorRates(limits),
  });
  const cors = corsOptionsOf(options.allowOrigins ?? []);
  const common = {
    routes: admitRoutes(routes, admission.admit),
    requestGate: admission.requestGate,
    readMaxBytes: limits.maxRequestBytes,
    shutdownSignal,
    contextValues: contextValuesOf,
  };
  return createRouter({
    observe,
    overload,
    rpc: createRpcHandler({ ...common, cors, interceptors: [createFailureInterceptor(logFailure)] }),
    rest: createTranscodingHandler({
      ...common,
      bodyTimeoutMs: limits.bodyTimeoutMs,
      compressMinBytes,
      errorDomain,
      ...(cors && { cors }),
      responseHeaders: requestIdHeaders,
      onError: (error, request) => settleOutcome(factsOf(request), { error }),
      onFailure: (cause, method, request) => logFailure(cause, String(method), factsOf(request)),
    }),
    tokenEndpoint: createTokenEndpoint(grantToken, logFailure),
    discovery: createDiscovery({ document: discoveryDocument, publicUrls }),
  });
}

/** Load balancers check health without a token and without a limit. Reflection returns the contract, which is public. */
function callersOf(service: DescService): CallerClass | undefined {
  if (service === Health) {
    return undefined;
  }
  return reflectionServices.includes(service) ? "anonymous" : "authenticated";
}
