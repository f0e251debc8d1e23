import type { IncomingHttpHeaders } from "node:http";
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { isCut } from "../../transcoding/index.ts";
import type { HttpHandler } from "../http-handler.ts";
import type { ServerLimits } from "../limits/server-limits.ts";
import { createTokenBucket, type TokenBucket } from "../limits/token-bucket.ts";
import { Http2StreamRequest } from "./http2-request.ts";
import { Http2StreamResponse } from "./http2-response.ts";
import { destroyLater } from "./lingering.ts";
import type { OnRejected, RejectionCause } from "./rejection.ts";

/** The HTTP/2 connections and their requests, with limits on idle time, late headers and abuse. */
export type Http2Sessions = {
  /** Adds a session and the connection below it. */
  add(session: ServerHttp2Session, socket: Socket): void;
  /** Closes idle sessions and those whose header is late. */
  sweep(now: number): void;
  /** Sends GOAWAY to all sessions, including those added later. Their streams continue. */
  close(): void;
};

type Watched = {
  readonly session: ServerHttp2Session;
  readonly socket: Socket;
  readonly since: number;
  /** Whether its SETTINGS have arrived, the end of its preface (RFC 9113 3.4). */
  settled: boolean;
  streams: number;
  /** When the last stream ended. */
  idleSince: number;
  /** Id of the newest stream whose header is complete. */
  newest: number;
  /** Id of a newer stream, and when it was first seen. */
  unfinished: { readonly id: number; readonly since: number } | undefined;
  readonly controlFrames: TokenBucket;
  readonly resets: TokenBucket;
};

/**
 * PING and SETTINGS frames of a connection. Each stream earns as many as it may have caused: gRPC clients that measure
 * bandwidth send about one PING for each DATA frame.
 */
const controlFrames = { burst: 500, perSecond: 20 };
const controlFramesPerStream = 2;

/** Reset streams: each other stream earns one. All calls of a client may reach their deadlines together. */
const resetsOf = ({ maxConcurrentStreams }: ServerLimits) => ({
  burst: 2 * maxConcurrentStreams + 100,
  perSecond: 50,
});

type Http2SessionsOptions = {
  readonly limits: ServerLimits;
  readonly onRequest: HttpHandler;
  readonly onRejected: OnRejected;
};

/** Creates an empty set. Times are those of `performance.now()`. */
export function createHttp2Sessions({ limits, onRequest, onRejected }: Http2SessionsOptions): Http2Sessions {
  const open = new Set<Watched>();
  let closing = false;

  function reject({ session, socket }: Watched, cause: RejectionCause): void {
    onRejected(cause);
    session.destroy(new Error(cause), constants.NGHTTP2_ENHANCE_YOUR_CALM);
    destroyLater(socket);
  }

  function spend(watched: Watched, of: "control_frames" | "resets"): void {
    const bucket = of === "resets" ? watched.resets : watched.controlFrames;
    if (bucket.take(1, performance.now()).taken === 0 && !watched.session.destroyed) {
      reject(watched, of);
    }
  }

  return {
    add(session, socket) {
      const now = performance.now();
      const watched: Watched = {
        session,
        socket,
        since: now,
        settled: false,
        streams: 0,
        idleSince: now,
        newest: 0,
        unfinished: undefined,
        controlFrames: createTokenBucket(controlFrames),
        resets: createTokenBucket(resetsOf(limits)),
      };
      open.add(watched);
      socket.once("close", () => open.delete(watched));
      function onStreamClose(this: ServerHttp2Stream): void {
        watched.streams -= 1;
        if (watched.streams === 0) {
          watched.idleSince = performance.now();
        }
        // Including streams that the server reset, because a client can cause that (CVE-2025-8671), but not calls that
        // were served and failed.
        if (this.rstCode === constants.NGHTTP2_NO_ERROR || isCut(this)) {
          watched.resets.add(1);
          watched.controlFrames.add(controlFramesPerStream);
        } else {
          spend(watched, "resets");
        }
      }
      session.on(
        "stream",
        function onStream(
          stream: ServerHttp2Stream,
          headers: IncomingHttpHeaders,
          _flags: number,
          rawHeaders: string[],
        ) {
          watched.streams += 1;
          watched.newest = stream.id ?? watched.newest;
          stream.on("close", onStreamClose);
          const request = new Http2StreamRequest(stream, headers, rawHeaders, socket);
          onRequest(request, new Http2StreamResponse(request));
        },
      );
      session.on("ping", () => spend(watched, "control_frames"));
      session.on("remoteSettings", () => {
        watched.settled = true;
        spend(watched, "control_frames");
      });
      session.on("error", (error: Error & { code?: string }) => {
        if (error.code === "ERR_HTTP2_ERROR" || error.code === "ERR_HTTP2_TOO_MANY_INVALID_FRAMES") {
          onRejected("protocol");
        }
      });
      if (closing) {
        session.close();
      }
    },

    sweep(now) {
      for (const watched of open) {
        const { session } = watched;
        if (session.closed || session.destroyed) {
          continue;
        }
        if (isHeaderLate(watched, now, limits.headerTimeoutMs)) {
          reject(watched, "header_timeout");
        } else if (watched.streams === 0 && now - watched.idleSince > limits.idleTimeoutMs) {
          // Like MaxConnectionIdle of grpc-go: PINGs do not keep a connection alive. Clients open another.
          session.close();
          destroyLater(watched.socket);
        }
      }
    },

    close() {
      closing = true;
      for (const { session } of open) {
        // A first GOAWAY with the highest id (RFC 9113 6.8) would not help: nghttp2 rejects new streams after any that
        // Node can send. By the id in it clients know which streams were never served, and retry those.
        session.close();
      }
    },
  };
}

/**
 * Whether the preface or a header of a client is late. Node emits a stream when its header is complete; before that only
 * the id of the newest stream shows it. That may also be the id of a stream that nghttp2 rejected, so the client is sent
 * a PING, which it cannot answer in the middle of a header (RFC 9113 4.3).
 */
function isHeaderLate(watched: Watched, now: number, timeoutMs: number): boolean {
  const { session, newest, unfinished } = watched;
  if (!watched.settled) {
    return now - watched.since > timeoutMs;
  }
  const id = session.state.lastProcStreamID ?? 0;
  if (id <= newest) {
    return false;
  }
  if (unfinished?.id === id) {
    return now - unfinished.since > timeoutMs;
  }
  watched.unfinished = { id, since: now };
  session.ping((error) => {
    if (error === null) {
      watched.newest = Math.max(watched.newest, id);
    }
  });
  return false;
}
