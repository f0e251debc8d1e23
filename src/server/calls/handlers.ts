import { type ConnectRouter, createContextValues } from "@connectrpc/connect";
import type { PublicUrls } from "../../auth/audience.ts";
import { createAuthentication } from "../../auth/authentication.ts";
import { createRequestGate } from "../../auth/request-gate.ts";
import { errorDomain } from "../../contract/api-error.ts";
import { clientAddressKey } from "../../contract/client-address.ts";
import type { Clock } from "../../contract/clock.ts";
import { contractTypes } from "../../contract/contract-types.ts";
import { listLimitOf } from "../../plans/list-limits.ts";
import { createTranscodingHandler, type ReadingOptions } from "../../transcoding/index.ts";
import type { HttpHandler, HttpRequest } from "../http-handler.ts";
import { createOperatorRates } from "../limits/operator-rates.ts";
import type { OverloadGuard } from "../limits/overload.ts";
import type { ServerLimits } from "../limits/server-limits.ts";
import { createDocuments } from "../pages/documents.ts";
import { createPageHandler, createProbes } from "../pages/probes.ts";
import { createTokenEndpoint } from "../pages/token-endpoint.ts";
import type { Readiness } from "../readiness.ts";
import { corsOptionsOf } from "../rpc/cross-origin.ts";
import { compressMinBytes, createRpcHandler, type RpcHandler } from "../rpc/handler.ts";
import type { ServerHooks } from "../server-extension.ts";
import type { ServerOptions } from "../server-options.ts";
import { callFactsKey, factsOf, settleOutcome } from "../telemetry/call-facts.ts";
import type { ServerMetrics } from "../telemetry/metrics.ts";
import { requestIdHeader } from "../telemetry/observe-requests.ts";
import { observeTokens } from "../telemetry/observed-tokens.ts";
import type { ServerLog } from "../telemetry/request-log.ts";
import { createFailureInterceptor, type LogFailure } from "../unexpected-errors.ts";
import { type Admission, callersOf, createAdmission } from "./admission.ts";
import { type Admit, admitRoutes } from "./admitted-routes.ts";
import { explainUnknownPath } from "./explain-unknown-path.ts";
import { createTokenRate } from "./token-rate.ts";

/** The handlers of all protocols and pages. */
export type Handlers = {
  readonly rpc: RpcHandler;
  readonly rest: HttpHandler;
  readonly tokenEndpoint: HttpHandler;
  /** Returns the handler of a document or a page of an extension, by its raw path without the query. */
  readonly page: (path: string) => HttpHandler | undefined;
  readonly probes: HttpHandler;
};

type HandlersOptions = {
  /** How to read unknown fields. */
  reading: Pick<ReadingOptions, "ignoreUnknownFields" | "onUnknownField">;
  options: ServerOptions & { clock: Clock };
  limits: ServerLimits;
  routes: (router: ConnectRouter) => void;
  overload: OverloadGuard;
  metrics: ServerMetrics | undefined;
  log: ServerLog | undefined;
  /** URLs under which clients reach the server. */
  publicUrls: PublicUrls;
  /** Aborts the signals of running calls. */
  shutdownSignal: AbortSignal;
  ready: Readiness;
  hooks: ServerHooks | undefined;
};

/**
 * Creates the handlers; the four protocols have the same routes, request gate and limits. Rejects with SigningKeyError
 * or ServiceAccountsError.
 */
export async function createHandlers({
  options,
  reading,
  limits,
  overload,
  metrics,
  log,
  publicUrls,
  shutdownSignal,
  ready,
  routes,
  hooks,
}: HandlersOptions): Promise<Handlers> {
  const rates = options.worker?.rates ?? createOperatorRates(limits);
  const { verifyToken, grantToken } = await createAuthentication({
    dataDirectory: options.dataDirectory,
    clock: options.clock,
    config: options.auth,
    introspectionSecret: options.introspectionSecret,
    publicUrls,
    takeCall: createTokenRate(rates),
  });
  const logFailure: LogFailure =
    options.logFailure ??
    log?.failure ??
    ((cause, method) => {
      console.error(`${method} failed:`, cause);
    });
  const checkCredentials = createRequestGate({
    verifyToken: observeTokens(verifyToken, metrics),
    isOpen: (method) => callersOf(method) !== "authenticated",
  });
  const requestGate = hooks?.gate?.(checkCredentials) ?? checkCredentials;
  const admission = createAdmission({ requestGate, overload, rates });
  const cors = corsOptionsOf(options.allowOrigins ?? [], hooks?.isClosedToPages);
  const common = {
    ...reading,
    routes: admitRoutes(routes, admitOf(admission, hooks), aroundOf(hooks)),
    requestGate: admission.requestGate,
    readMaxBytes: limits.maxRequestBytes,
    shutdownSignal,
    registry: contractTypes,
    contextValues(request: HttpRequest) {
      const call = factsOf(request);
      return createContextValues().set(callFactsKey, call).set(clientAddressKey, call?.clientAddress);
    },
  };
  const documents = createDocuments({ publicUrls, clock: options.clock, cors });
  return {
    rpc: createRpcHandler({ ...common, cors, interceptors: [createFailureInterceptor(logFailure)] }),
    rest: createTranscodingHandler({
      ...common,
      bodyTimeoutMs: limits.bodyTimeoutMs,
      listLimits: listLimitOf,
      compressMinBytes,
      errorDomain,
      explainUnknownPath,
      ...(cors && { cors }),
      responseHeaders(request): Readonly<Record<string, string>> {
        const call = factsOf(request);
        return call === undefined ? {} : { [requestIdHeader]: call.id };
      },
      onError: (error, request, bodyPath) => settleOutcome(factsOf(request), { error, bodyPath }),
      onFailure: (cause, method, request) => logFailure(cause, String(method), factsOf(request)),
    }),
    tokenEndpoint: createTokenEndpoint(grantToken, logFailure),
    page: (path) => documents.get(path) ?? hooks?.page?.(path),
    probes: createPageHandler(createProbes(ready, false)),
  };
}

/** Returns the check of a call whose request has been read, which the extension sees first. */
function admitOf({ admit }: Admission, hooks: ServerHooks | undefined): Admit {
  return hooks === undefined
    ? admit
    : (request, context) => {
        if (callersOf(context.method) === "authenticated") {
          hooks.read(request, context);
        }
        return admit(request, context);
      };
}

/** Returns how calls of the contract's methods are wrapped: those of the extension itself are not. */
function aroundOf(hooks: ServerHooks | undefined): Parameters<typeof admitRoutes>[2] {
  return (
    hooks && ((method, call) => (callersOf(method) === "authenticated" ? hooks.around(method, call) : call))
  );
}
