import type { ServerOptions as Http1Options } from "node:http";
import type { ServerOptions as Http2Options } from "node:http2";
import type { Server } from "node:net";
import type { HttpHandler } from "../http-handler.ts";
import type { ServerLimits } from "../limits/server-limits.ts";
import type { Http1Connections } from "./http1-connections.ts";
import type { Http2Sessions } from "./http2-sessions.ts";
import { http1Messages, http1MessagesOfTls } from "./messages.ts";
import type { Newcomers } from "./newcomers.ts";
import type { OnRejected } from "./rejection.ts";
import { fieldOverhead } from "./request-error.ts";

/** A certificate chain and its private key, as PEM. */
export type TlsPair = { readonly cert: string; readonly key: string };

/** A cleartext or TLS server that does not listen yet. */
export type Port = Server & {
  /** Closes the HTTP/1.1 connections without a pending response. */
  closeIdleConnections(): void;
};

export type PortOptions = {
  readonly limits: ServerLimits;
  /** How often Node checks for late HTTP/1.1 headers, in ms. */
  readonly sweepMs: number;
  readonly newcomers: Newcomers;
  readonly http1: Http1Connections;
  readonly http2: Http2Sessions;
  readonly onRequest: HttpHandler;
  readonly onRejected: OnRejected;
};

/**
 * Most fields of an HTTP/2 header. With the table of header compression, each can have 4 KiB and cost one byte, and Node
 * counts their size only once the client has acknowledged the SETTINGS.
 */
const maxHttp2Fields = 1_024;

/**
 * Returns how many fields of an HTTP/1.1 header Node reads. It drops further ones, whatever they say: so many are always
 * too large, and the request is rejected.
 */
export function maxHttp1Fields({ maxHeaderBytes }: ServerLimits): number {
  return Math.ceil(maxHeaderBytes / fieldOverhead.http1) + 1;
}

// Declarations cannot name the types that these classes inherit, so return types are explicit.
type WithClasses<Options, Classes> = Omit<Options, keyof Classes> & Classes;

/** Returns the settings of Node for HTTP/1.1. Node does not time bodies: bodies.ts does. */
export function http1SettingsOf({
  limits,
  sweepMs,
}: PortOptions): WithClasses<Http1Options, typeof http1Messages> {
  return {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: Math.ceil(limits.headerTimeoutMs),
    requestTimeout: 0,
    // The listener checks it: Node would close the connection before the answer is read.
    requireHostHeader: false,
    connectionsCheckingInterval: sweepMs,
    keepAliveTimeout: Math.ceil(limits.idleTimeoutMs),
    // Clients are sent the timeout and should be the first to close.
    keepAliveTimeoutBuffer: Math.min(1_000, Math.ceil(limits.idleTimeoutMs)),
    ...http1Messages,
  };
}

/** Returns the settings of Node for HTTP/1.1 on the port of an HTTP/2 server. */
export function http1SettingsOfTls(
  options: PortOptions,
): WithClasses<Http1Options, typeof http1Messages & typeof http1MessagesOfTls> {
  return { ...http1SettingsOf(options), ...http1MessagesOfTls };
}

/**
 * Returns the settings of Node for HTTP/2. Its default limits on invalid frames, on CONTINUATION, on unread answers to
 * PING and SETTINGS and on the memory of a session suffice.
 */
export function http2SettingsOf({ limits }: PortOptions): Http2Options {
  return {
    maxHeaderListPairs: Math.min(Math.ceil(limits.maxHeaderBytes / fieldOverhead.http2), maxHttp2Fields),
    settings: { maxConcurrentStreams: limits.maxConcurrentStreams, maxHeaderListSize: limits.maxHeaderBytes },
    // Left to http2-sessions.ts, which knows how many calls were answered: the 33 per second of nghttp2 are too few for
    // thousands of calls whose deadlines pass together.
    streamResetBurst: 1_000_000,
    streamResetRate: 1_000_000,
  };
}
