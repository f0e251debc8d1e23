import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { AccessTokenInit } from "../auth/access-token.ts";
import type { RequestGate } from "../auth/request-gate.ts";
import type { Clock } from "../contract/clock.ts";
import type { ContractRules } from "../plans/contract-rules.ts";
import type { ServiceDependencies } from "../services/dependencies.ts";
import type { PlanStore } from "../store/plan-store.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "./http-handler.ts";
import type { CallFacts } from "./telemetry/call-facts.ts";
import type { CallSummary } from "./telemetry/call-summary.ts";

/** The parts of a server that an extension may use. */
export type ServerParts = {
  readonly store: PlanStore;
  readonly clock: Clock;
  /** How far an `updateTime` may lie in the future, in ms. */
  readonly clockSkewMs: number;
  readonly rules: ContractRules;
  /** Aborted when the server starts to shut down: streams must end. */
  readonly stopping: AbortSignal;
  /** Signs an access token that this server accepts. */
  signToken(init: AccessTokenInit): Promise<string>;
};

/** A service besides those of the contract. Its callers need no access token. */
export type ExtraService = {
  readonly service: DescService;
  readonly implementation: Partial<ServiceImpl<DescService>>;
};

/** Calls a unary method of the contract. Returns its message, or a promise of it. */
export type CallMethod = (request: Message, context: HandlerContext) => unknown;

/**
 * What a program adds to a server, such as the emulator. A server without an extension has none of this: neither its code
 * nor its cost.
 */
export type ServerExtension = {
  /**
   * Whether the rules of the contract are compiled when a call first needs them: the server starts sooner, and its first
   * rejected push takes longer, by about 0.2 s. Defaults to false: they are compiled before the port is open.
   */
  readonly compilesRulesLate?: boolean | undefined;
  /** Called once, when the store is open and before the port is. The server does not start if it rejects. */
  connect(parts: ServerParts): ServerHooks | Promise<ServerHooks>;
};

/** The places at which an extension is called. */
export type ServerHooks = {
  /** Services that are served besides those of the contract, over all protocols. */
  readonly services: readonly ExtraService[];
  /** Returns the handler of a page besides the documents of the API, by its raw path without the query. */
  page?(path: string): HttpHandler | undefined;
  /** Returns the check of every call before its body is read. Gets the check of access tokens, which it may replace. */
  gate?(checkCredentials: RequestGate): RequestGate;
  /** Returns whether pages of other origins may never make a request, whatever origins are allowed. */
  isClosedToPages?(request: HttpRequest): boolean;
  /** Returns whether a push may notify a user key. Defaults to: every key may be notified. */
  readonly isReachable?: ServiceDependencies["isReachable"];
  /** Called for each request before it is routed. */
  received(request: HttpRequest, response: HttpResponse, call: CallFacts): void;
  /** Called with the request message of each unary call of the contract, before the call is admitted. */
  read(request: Message, context: HandlerContext): void;
  /**
   * Wraps a unary method of the contract. The wrapped method is called once a call is admitted. Its answer may be replaced,
   * but not changed.
   */
  around(method: DescMethod, call: CallMethod): CallMethod;
  /** Called for each request that has ended. */
  ended(summary: CallSummary): void;
  /** Called when no request runs any more, before the store is closed. If it rejects, so does `close` of the server. */
  stopped?(): Promise<void>;
};
