import type { ServerOptions } from "node:http";
import type { ServerOptions as Http2ServerOptions } from "node:http2";
import type { Server } from "node:net";
import type { HttpHandler } from "../http-handler.ts";
import { countedHttp1Messages, countedHttp2Messages } from "../telemetry/counted-messages.ts";
import type { Http1Connections } from "./http1-connections.ts";
import type { Http2Sessions } from "./http2-sessions.ts";
import type { ListenerLimits } from "./listener-limits.ts";
import type { Newcomers } from "./newcomers.ts";
import type { OnRejected } from "./rejection.ts";

/** A certificate with those of its issuers, and its private key; PEM texts. */
export type TlsPair = { readonly cert: string; readonly key: string };

/** A server of either kind, which does not listen yet. */
export type Port = Server & {
  /** Closes the HTTP/1.1 connections that owe no answer. */
  closeIdleConnections(): void;
};

/** What both kinds of ports give their connections to. */
export type PortOptions = {
  readonly limits: ListenerLimits;
  /** How often Node looks for HTTP/1.1 headers that are late, in milliseconds. */
  readonly sweepMs: number;
  readonly newcomers: Newcomers;
  readonly http1: Http1Connections;
  readonly http2: Http2Sessions;
  readonly onRequest: HttpHandler;
  readonly onRejected: OnRejected;
};

/** The settings of Node for HTTP/1.1. Bodies are not its to time: see slow-bodies.ts. */
export function http1SettingsOf({
  limits,
  sweepMs,
}: PortOptions): Omit<ServerOptions, keyof typeof countedHttp1Messages> & typeof countedHttp1Messages {
  return {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: Math.ceil(limits.headerTimeoutMs),
    requestTimeout: 0,
    connectionsCheckingInterval: sweepMs,
    keepAliveTimeout: Math.ceil(limits.idleTimeoutMs),
    // Clients are told the time-out and should be the first to act on it.
    keepAliveTimeoutBuffer: Math.min(1_000, Math.ceil(limits.idleTimeoutMs)),
    ...countedHttp1Messages,
  };
}

/**
 * The settings of Node for HTTP/2. Its bounds on frames without sense, on CONTINUATION, on unread answers to PING and
 * SETTINGS and on the memory of a session are good as they are.
 */
export function http2SettingsOf({
  limits,
}: PortOptions): Omit<Http2ServerOptions, keyof typeof countedHttp2Messages> & typeof countedHttp2Messages {
  return {
    settings: { maxConcurrentStreams: limits.maxConcurrentStreams, maxHeaderListSize: limits.maxHeaderBytes },
    // Out of the way of http2-sessions.ts, which knows how many calls were answered: 33 a second, as nghttp2 has it, is
    // too few for thousands of calls whose deadlines pass together.
    streamResetBurst: 1_000_000,
    streamResetRate: 1_000_000,
    ...countedHttp2Messages,
  };
}
