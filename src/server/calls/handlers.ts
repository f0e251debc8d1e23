import type { DescMethod } from "@bufbuild/protobuf";
import { type ConnectError, type ConnectRouter, createContextValues } from "@connectrpc/connect";
import type { PublicUrls } from "../../auth/audience.ts";
import { createAuthentication } from "../../auth/authentication.ts";
import { createRequestGate } from "../../auth/request-gate.ts";
import { requestHeadKey } from "../../auth/request-head.ts";
import { errorDomain, isFailure } from "../../contract/api-error.ts";
import { clientAddressKey } from "../../contract/client-address.ts";
import type { Clock } from "../../contract/clock.ts";
import { contractCodecs, contractTypes } from "../../contract/contract-types.ts";
import { listLimitOf } from "../../plans/list-limits.ts";
import { type AroundMethod, createTranscodingHandler, type ReadingOptions } from "../../transcoding/index.ts";
import type { HttpHandler, HttpRequest } from "../http-handler.ts";
import { createOperatorRates } from "../limits/operator-rates.ts";
import type { OverloadGuard } from "../limits/overload.ts";
import type { ServerLimits } from "../limits/server-limits.ts";
import { createDocuments } from "../pages/documents.ts";
import { createPageHandler, createProbes } from "../pages/probes.ts";
import { createTokenEndpoint } from "../pages/token-endpoint.ts";
import type { Readiness } from "../readiness.ts";
import { corsOptionsOf } from "../rpc/cross-origin.ts";
import { compressMinBytes } from "../rpc/encodings.ts";
import { createRpcHandler, type RpcHandler } from "../rpc/handler.ts";
import type { ServerHooks } from "../server-extension.ts";
import type { ServerOptions } from "../server-options.ts";
import { callFactsKey, factsOf, settleOutcome } from "../telemetry/call-facts.ts";
import type { ServerMetrics } from "../telemetry/metrics.ts";
import { requestIdHeader } from "../telemetry/observe-requests.ts";
import { observeTokens } from "../telemetry/observed-tokens.ts";
import type { LogFailure, ServerLog } from "../telemetry/request-log.ts";
import { type Admission, callersOf, createAdmission } from "./admission.ts";
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
    routes,
    around: aroundOf(admission, hooks),
    requestGate: admission.requestGate,
    readMaxBytes: limits.maxRequestBytes,
    shutdownSignal,
    registry: contractTypes,
    codecs: contractCodecs,
    contextValues(request: HttpRequest) {
      const call = factsOf(request);
      const { url: target = "", headers, httpVersion, socket: connection } = request;
      return createContextValues()
        .set(callFactsKey, call)
        .set(clientAddressKey, call?.clientAddress)
        .set(requestHeadKey, { authorization: headers.authorization, target, httpVersion, connection });
    },
    responseHeaders(request: HttpRequest): Readonly<Record<string, string>> {
      const call = factsOf(request);
      return call === undefined ? {} : { [requestIdHeader]: call.id };
    },
    onError: (error: ConnectError, request: HttpRequest, bodyPath: string | undefined) =>
      settleOutcome(factsOf(request), { error, bodyPath }),
    onFailure: (cause: unknown, method: DescMethod, request: HttpRequest) =>
      logFailure(cause, String(method), factsOf(request)),
    bodyTimeoutMs: limits.bodyTimeoutMs,
  };
  const documents = createDocuments({ publicUrls, clock: options.clock, cors });
  return {
    rpc: createRpcHandler({ ...common, cors }),
    rest: createTranscodingHandler({
      ...common,
      isFailure,
      listLimits: listLimitOf,
      compressMinBytes,
      errorDomain,
      explainUnknownPath,
      ...(cors && { cors }),
    }),
    tokenEndpoint: createTokenEndpoint(grantToken, logFailure),
    page: (path) => documents.get(path) ?? hooks?.page?.(path),
    probes: createPageHandler(createProbes(ready, false)),
  };
}

/**
 * Returns how unary methods are wrapped: a call is admitted before its method is called. The extension sees the request before
 * that, and wraps the methods of the contract. Not by interceptors, which would cost more than everything else here.
 */
function aroundOf({ admit }: Admission, hooks: ServerHooks | undefined): AroundMethod {
  return function admitted(method, call) {
    const extended = callersOf(method) === "authenticated" ? hooks : undefined;
    const act = extended?.around(method, call) ?? call;
    return function admitCall(request, context) {
      extended?.read(request, context);
      const admitted = admit(request, context);
      return admitted === undefined ? act(request, context) : admitted.then(() => act(request, context));
    };
  };
}
