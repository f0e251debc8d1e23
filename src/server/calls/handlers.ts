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
import type { RequestListener } from "../http-handler.ts";
import { createOperatorRates } from "../limits/operator-rates.ts";
import type { OverloadGuard } from "../limits/overload.ts";
import type { ServerLimits } from "../limits/server-limits.ts";
import { createDiscovery } from "../pages/discovery.ts";
import { createTokenEndpoint } from "../pages/token-endpoint.ts";
import { corsOptionsOf } from "../rpc/cross-origin.ts";
import { compressMinBytes, createRpcHandler } from "../rpc/handler.ts";
import type { ServerOptions } from "../server-options.ts";
import type { ServerMetrics } from "../telemetry/metrics.ts";
import type { ObserveRequest } from "../telemetry/observe-requests.ts";
import { observeRoutes } from "../telemetry/observed-routes.ts";
import { observeTokens } from "../telemetry/observed-tokens.ts";
import type { ServerLog } from "../telemetry/request-log.ts";
import { noteFailure, recordOf, requestRecordKey } from "../telemetry/request-record.ts";
import { createAdmission } from "./admission.ts";
import { contextValuesOf, createRequestHandler, namingHeaders } from "./router.ts";
import { createFailureInterceptor, type LogFailure } from "./unexpected-errors.ts";

export type CallHandlerOptions = {
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
 * Creates what answers every request: the four protocols on the same routes, behind the same gate and limits, the token
 * endpoint and the Discovery document. Rejects with SigningKeyError or ServiceAccountsError.
 */
export async function createCallHandler({
  options,
  limits,
  observe,
  overload,
  metrics,
  log,
  publicUrls,
  shutdownSignal,
  ...rest
}: CallHandlerOptions): Promise<RequestListener> {
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
    gate: createRequestGate({
      verifyToken: observeTokens(verifyToken, metrics),
      isOpen: (service) => callersOf(service) !== "known",
    }),
    callersOf,
    overload,
    rates: options.worker?.rates ?? createOperatorRates(limits),
  });
  const routes = observeRoutes(rest.routes, admission.before, (cause, context) =>
    noteFailure(context.values.get(requestRecordKey), cause),
  );
  const cors = corsOptionsOf(options.allowOrigins ?? []);
  const common = {
    routes,
    requestGate: admission.gate,
    readMaxBytes: limits.maxRequestBytes,
    shutdownSignal,
    contextValues: contextValuesOf,
  };
  return createRequestHandler({
    observe,
    overload,
    rpc: createRpcHandler({ ...common, cors, interceptors: [createFailureInterceptor(logFailure)] }),
    rest: createTranscodingHandler({
      ...common,
      bodyTimeoutMs: limits.bodyTimeoutMs,
      compressMinBytes,
      errorDomain,
      ...(cors && { cors }),
      responseHeaders: namingHeaders,
      onError: (error, request) => noteFailure(recordOf(request), error),
      onFailure: (cause, method, request) => logFailure(cause, String(method), recordOf(request)),
    }),
    tokenEndpoint: createTokenEndpoint(grantToken, logFailure),
    discovery: createDiscovery({ document: discoveryDocument, publicUrls }),
  });
}

/** Health is for load balancers, which have no token. Reflection tells what everybody may read: the contract. */
function callersOf(service: DescService): "exempt" | "anybody" | "known" {
  if (service === Health) {
    return "exempt";
  }
  return reflectionServices.includes(service) ? "anybody" : "known";
}
