import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
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
import { createTokenVerifier } from "../auth/access-token.ts";
import { createRequestGate } from "../auth/request-gate.ts";
import { loadSigningKey } from "../auth/signing-key.ts";
import { type Clock, systemClock } from "../contract/clock.ts";
import { errorDomain } from "../contract/refusal.ts";
import { asnOfParent, parseResourceName } from "../contract/resource-names.ts";
import { type ContractRules, createContractRules } from "../plans/contract-rules.ts";
import { createRoutes } from "../services/routes.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { createTranscodingHandler, pathFieldsKey } from "../transcoding/index.ts";
import { createFailureInterceptor, type LogFailure } from "./failure.ts";
import { type ListenerOptions, listen } from "./listener.ts";
import { compressMinBytes, createRpcHandler } from "./rpc-handler.ts";

export type ServerOptions = ListenerOptions & {
  /** Where the store and the signing key live; made if it is not there. */
  dataDirectory: string;
  clock?: Clock;
  /** How far in the future an `updateTime` may lie, in milliseconds. Defaults to 60,000; 0 for not at all. */
  clockSkewMs?: number;
  /** Largest request body, in decompressed bytes. Defaults to 1 MiB. */
  maxRequestBytes?: number;
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

/**
 * Starts a server. Rejects with StoreOpenError or SigningKeyError, whose messages say what to do, or with the
 * error of the system if the port cannot be opened.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { clock = systemClock, clockSkewMs = 60_000, maxRequestBytes: readMaxBytes = 1024 * 1024 } = options;
  const logFailure = options.logFailure ?? ((cause, method) => console.error(`${method} failed:`, cause));
  const store = await openSqliteStore({ directory: options.dataDirectory, clock });
  try {
    const key = await loadSigningKey(options.dataDirectory);
    const rules = createContractRules();
    warm(rules);
    const shutdown = new AbortController();
    const routes = createRoutes({ store, clock, clockSkewMs, rules });
    const requestGate = createRequestGate({ verifyToken: createTokenVerifier(key, clock), asnBeforeBody });
    const shutdownSignal = shutdown.signal;
    const rpc = createRpcHandler({
      routes,
      requestGate,
      readMaxBytes,
      shutdownSignal,
      interceptors: [createFailureInterceptor(logFailure)],
    });
    const rest = createTranscodingHandler({
      routes,
      requestGate,
      readMaxBytes,
      shutdownSignal,
      compressMinBytes,
      errorDomain,
      onFailure: (cause, method) => logFailure(cause, String(method)),
    });
    const listener = await listen(options, (request, response) => {
      // Before REST: an RPC path must win over every wildcard of a rule.
      const target = request.url ?? "";
      const mark = target.indexOf("?");
      const isRpc = rpc.serves(mark === -1 ? target : target.slice(0, mark));
      (isRpc ? rpc.handle : rest)(request, response);
    });
    let closing: Promise<void> | undefined;
    const close = async () => {
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
