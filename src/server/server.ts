import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { Health } from "#deps/grpc/health/v1/health_pb.js";
import discoveryDocument from "../../gen/discovery.json" with { type: "json" };
import type { AuthConfig } from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import {
  GetPlanGroupRequestSchema,
  GetPlanStatusRequestSchema,
  GetUserPlanStatusRequestSchema,
} from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { CreatePlanGroupRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import {
  CreatePlanStatusRequestSchema,
  CreateUserPlanStatusRequestSchema,
} from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { createAuthentication } from "../auth/authentication.ts";
import { createRequestGate } from "../auth/request-gate.ts";
import { type Clock, systemClock } from "../contract/clock.ts";
import { isLoopback } from "../contract/loopback.ts";
import { errorDomain } from "../contract/refusal.ts";
import { asnOfParent, parseResourceName } from "../contract/resource-names.ts";
import { type ContractRules, createContractRules } from "../plans/contract-rules.ts";
import { reflectionServices } from "../services/reflection-service.ts";
import { createRoutes } from "../services/routes.ts";
import { openStore } from "../store/open-store.ts";
import { createTranscodingHandler, pathFieldsKey } from "../transcoding/index.ts";
import { joinAuthorization } from "./authorization-header.ts";
import { corsOptionsOf } from "./cross-origin.ts";
import { createDiscovery, isDiscoveryPath } from "./discovery.ts";
import { createFailureInterceptor, type LogFailure } from "./failure.ts";
import { type ListenerOptions, listen } from "./listener.ts";
import { urlsOfListener } from "./public-urls.ts";
import { compressMinBytes, createRpcHandler } from "./rpc-handler.ts";
import { createTokenEndpoint, tokenPath } from "./token-endpoint.ts";

export type ServerOptions = ListenerOptions & {
  /** Where the signing key, the service accounts and, unless `store` says otherwise, the store live; made if missing. */
  dataDirectory: string;
  /** URL of the store, as `openStore` takes it. Defaults to SQLite in the data directory. */
  store?: string | undefined;
  /** Memory for pages of a SQLite store, in bytes. */
  cacheBytes?: number | undefined;
  /** Whose access tokens are accepted beside the server's own; it must have been validated. */
  auth?: AuthConfig;
  /** The secret that goes with `auth.introspection`. */
  introspectionSecret?: string | undefined;
  clock?: Clock;
  /** How far in the future an `updateTime` may lie, in milliseconds. Defaults to 60,000; 0 for not at all. */
  clockSkewMs?: number;
  /** Largest request body, in decompressed bytes. Defaults to 1 MiB. */
  maxRequestBytes?: number;
  /**
   * Lets a server without TLS listen to other machines, such as a proxy that has it: tokens and user keys then cross
   * the network for everybody to read. Defaults to false.
   */
  allowCleartext?: boolean;
  /** Whether tools may ask for the contract by gRPC server reflection, without a token. Defaults to true. */
  reflection?: boolean;
  /**
   * Whose pages may call from browsers: origins such as `https://console.example.com`, or `*` for all. Defaults to
   * none. The token endpoint is for none of them.
   */
  allowOrigins?: readonly string[];
  /** How long running requests may take to finish when the server stops, in milliseconds. Defaults to 10,000. */
  graceMs?: number;
  /** Is told of the server's own mistakes. Defaults to standard error. */
  logFailure?: LogFailure;
};

/** A server that takes requests. */
export type RunningServer = {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Stops accepting, finishes what is running, closes the store. Idempotent. */
  close(): Promise<void>;
};

/** Raised when a server would take tokens in cleartext from other machines without being told to. */
export class CleartextError extends Error {
  override readonly name = "CleartextError";
}

/**
 * Starts a server. Rejects with StoreOpenError, SigningKeyError, ServiceAccountsError or CleartextError, whose messages
 * say what to do, or with the error of the system if the port cannot be opened.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { clock = systemClock, clockSkewMs = 60_000, maxRequestBytes: readMaxBytes = 1024 * 1024 } = options;
  const logFailure = options.logFailure ?? ((cause, method) => console.error(`${method} failed:`, cause));
  if (options.tls === undefined && options.allowCleartext !== true && !isLoopback(options.host)) {
    throw new CleartextError(
      `on ${options.host} other machines would send tokens in cleartext. Give a certificate, or allow cleartext ` +
        "if a proxy in front has one.",
    );
  }
  const store = await openStore(options.store ?? `sqlite:${options.dataDirectory}`, {
    clock,
    cacheBytes: options.cacheBytes,
  });
  try {
    let publicUrls: readonly string[] = options.auth?.publicUrls ?? [];
    const { verifyToken, grantToken } = await createAuthentication({
      dataDirectory: options.dataDirectory,
      clock,
      config: options.auth,
      introspectionSecret: options.introspectionSecret,
      publicUrls: () => publicUrls,
    });
    const rules = createContractRules();
    warm(rules);
    const shutdown = new AbortController();
    const stopping = new AbortController();
    const routes = createRoutes({
      store,
      clock,
      clockSkewMs,
      rules,
      stopping: stopping.signal,
      reflection: options.reflection ?? true,
    });
    const requestGate = createRequestGate({
      verifyToken,
      asnBeforeBody,
      // Health is for load balancers, which have no token. Reflection tells what everybody may read: the contract.
      isOpen: (service) => service === Health || reflectionServices.includes(service),
    });
    const shutdownSignal = shutdown.signal;
    const cors = corsOptionsOf(options.allowOrigins ?? []);
    const rpc = createRpcHandler({
      routes,
      requestGate,
      readMaxBytes,
      shutdownSignal,
      cors,
      interceptors: [createFailureInterceptor(logFailure)],
    });
    const rest = createTranscodingHandler({
      routes,
      requestGate,
      readMaxBytes,
      shutdownSignal,
      compressMinBytes,
      errorDomain,
      ...(cors && { cors }),
      onFailure: (cause, method) => logFailure(cause, String(method)),
    });
    const tokenEndpoint = createTokenEndpoint(grantToken, logFailure);
    const discovery = createDiscovery({ document: discoveryDocument, publicUrls: () => publicUrls });
    const listener = await listen(options, (request, response) => {
      joinAuthorization(request);
      const target = request.url ?? "";
      const mark = target.indexOf("?");
      const path = mark === -1 ? target : target.slice(0, mark);
      if (path === tokenPath) {
        tokenEndpoint(request, response);
      } else if (isDiscoveryPath(path)) {
        discovery(request, response);
      } else {
        // Before REST: an RPC path must win over every wildcard of a rule.
        (rpc.serves(path, request.headers["content-type"]) ? rpc.handle : rest)(request, response);
      }
    });
    if (publicUrls.length === 0) {
      publicUrls = urlsOfListener(listener.url);
    }
    let closing: Promise<void> | undefined;
    const close = async () => {
      stopping.abort();
      await listener.close(options.graceMs ?? 10_000);
      shutdown.abort();
      await store.close();
    };
    return {
      url: listener.url,
      close() {
        closing ??= close();
        return closing;
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The operator in the URL of a REST call, as far as it is one; RPC calls have theirs in the body. */
function asnBeforeBody(context: HandlerContext): number | undefined {
  const pathFields = context.values.get(pathFieldsKey);
  const parent = pathFields?.("parent");
  if (parent !== undefined) {
    return asnOfParent(parent);
  }
  const name = pathFields?.("name");
  return name === undefined
    ? undefined
    : (parseResourceName(name, "planStatuses") ?? parseResourceName(name, "planGroups"))?.asn;
}

/** Compiles the rules of every request now, so that no caller waits for it. */
function warm(rules: ContractRules): void {
  for (const desc of [
    CreateUserPlanStatusRequestSchema,
    CreatePlanStatusRequestSchema,
    CreatePlanGroupRequestSchema,
    GetUserPlanStatusRequestSchema,
    GetPlanStatusRequestSchema,
    GetPlanGroupRequestSchema,
  ]) {
    rules(desc, create(desc));
  }
}
