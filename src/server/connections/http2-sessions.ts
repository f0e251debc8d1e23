import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { type Allowance, createAllowance } from "./allowance.ts";
import { destroyLater } from "./hang-up.ts";
import type { ListenerLimits } from "./listener-limits.ts";
import type { OnRejected, RejectionCause } from "./rejection.ts";

/** The HTTP/2 connections, watched. */
export type Http2Sessions = {
  /** Takes note of a session and of the connection below it. */
  add(session: ServerHttp2Session, socket: Socket): void;
  /** Closes those without a stream, and cuts those that are late. */
  sweep(now: number): void;
  /** Sends GOAWAY to all, also to those still to come. Their streams go on. */
  close(): void;
};

type Watched = {
  readonly session: ServerHttp2Session;
  readonly socket: Socket;
  readonly since: number;
  /** Whether its SETTINGS have come, the end of its preface (RFC 9113 3.4). */
  settled: boolean;
  streams: number;
  /** Since when there is no stream. */
  idleSince: number;
  /** Number of the newest stream whose header is complete. */
  newest: number;
  /** Number of a newer one, and when it was first seen. */
  unfinished: { readonly id: number; readonly since: number } | undefined;
  readonly controlFrames: Allowance;
  readonly resets: Allowance;
};

/**
 * PING and SETTINGS frames of a connection. Each stream earns as many as it may have caused: gRPC clients that measure
 * their bandwidth send a PING for about each piece of data that they get.
 */
const controlFrames = { burst: 500, perSecond: 20 };
const controlFramesPerStream = 2;

/** Streams that are reset: for each that is not, one may be. All calls of a client may reach their deadlines together. */
const resetsOf = ({ maxConcurrentStreams }: ListenerLimits) => ({
  burst: 2 * maxConcurrentStreams + 100,
  perSecond: 50,
});

/** Creates an empty set. Times are those of `performance.now()`. */
export function createHttp2Sessions(limits: ListenerLimits, onRejected: OnRejected): Http2Sessions {
  const open = new Set<Watched>();
  let closing = false;

  const cut = ({ session, socket }: Watched, cause: RejectionCause) => {
    onRejected(cause);
    session.destroy(new Error(cause), constants.NGHTTP2_ENHANCE_YOUR_CALM);
    destroyLater(socket);
  };
  const spend = (watched: Watched, of: "control_frames" | "resets") => {
    const allowance = of === "resets" ? watched.resets : watched.controlFrames;
    if (!allowance.spend(performance.now()) && !watched.session.destroyed) {
      cut(watched, of);
    }
  };

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
        controlFrames: createAllowance(controlFrames),
        resets: createAllowance(resetsOf(limits)),
      };
      open.add(watched);
      socket.once("close", () => open.delete(watched));
      const onStreamClose = function (this: ServerHttp2Stream) {
        watched.streams -= 1;
        if (watched.streams === 0) {
          watched.idleSince = performance.now();
        }
        // Also those that the server had to reset: a client can bring that about (CVE-2025-8671).
        if (this.rstCode === constants.NGHTTP2_NO_ERROR) {
          watched.resets.earn(1);
          watched.controlFrames.earn(controlFramesPerStream);
        } else {
          spend(watched, "resets");
        }
      };
      session.on("stream", (stream) => {
        watched.streams += 1;
        watched.newest = stream.id ?? watched.newest;
        stream.once("close", onStreamClose);
      });
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
          cut(watched, "header_timeout");
        } else if (watched.streams === 0 && now - watched.idleSince > limits.idleTimeoutMs) {
          // As MaxConnectionIdle of grpc-go has it: pings do not keep a connection alive. Clients open another.
          session.close();
          destroyLater(watched.socket);
        }
      }
    },

    close() {
      closing = true;
      for (const { session } of open) {
        // Nothing is to be gained by a first GOAWAY with the highest number (RFC 9113 6.8): nghttp2 refuses new streams
        // after any that Node can send. Clients see by its number which of theirs were never served, and repeat those.
        session.close();
      }
    },
  };
}

/**
 * Whether a client is late with its preface or with a header. Node tells of a header when it is complete; before that
 * only the number of the newest stream shows it. That number is also the one of a stream that was refused unseen, so
 * the client is sent a ping, which nobody in the middle of a header can answer (RFC 9113 4.3).
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
