import { constants } from "node:http2";
import type { Socket } from "node:net";
import type { Http2Request, HttpRequest, HttpResponse } from "../http-handler.ts";
import type { OnRejected } from "./rejection.ts";

/**
 * The requests that stay open: those that run, and those that are answered but whose client has not read the answer or
 * not ended its request. Running calls have a place in the overload guard; this bounds the others.
 */
export type OpenRequests = {
  /** Adds a request whose header has arrived. */
  watch(request: HttpRequest, response: HttpResponse): void;
  /** Ends those whose client has read nothing of the answer for too long. */
  sweep(now: number): void;
};

type OpenRequestsOptions = {
  /** Returns whether a request has a place in the overload guard. */
  hasPlace: (request: HttpRequest) => boolean;
  /** How long a client may read nothing of an answer, in ms, besides the time that a slow network needs for it. */
  unreadTimeoutMs: number;
  onRejected: OnRejected;
};

type Exchange = {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  /** Only over HTTP/1.1. */
  readonly socket: Socket | undefined;
};

/** Bytes that wait for the client, and since when they have been as many. */
type Unread = { bytes: number; since: number };

/**
 * Requests without a place that may be open. Anyone can send such requests, and one that waits for the rest of its body
 * takes about 30 KiB. Far more than one connection has, and with the limit only the oldest is ended: others are served.
 */
const maxWithoutPlace = 2_048;

/** Slowest network that an answer is sent over, in bytes per ms. Node does not tell how much of a write has been read. */
const slowestBytesPerMs = 8;

/**
 * Creates an empty set. Times are those of `performance.now()`. Nearly all requests are over before the next turn of the
 * event loop and cost only one entry of a list.
 */
export function createOpenRequests({
  hasPlace,
  unreadTimeoutMs,
  onRejected,
}: OpenRequestsOptions): OpenRequests {
  let arrived: Exchange[] = [];
  const open = new Map<Exchange, Unread>();
  /** In the order in which they lost their place, or never had one. */
  const withoutPlace = new Set<Exchange>();

  function keepOpen(): void {
    const since = performance.now();
    for (const exchange of arrived) {
      if (isOpen(exchange)) {
        open.set(exchange, { bytes: 0, since });
        onceClosed(exchange, () => {
          open.delete(exchange);
          withoutPlace.delete(exchange);
        });
        countPlace(exchange);
      }
    }
    arrived = [];
    endOldest();
  }

  function endOldest(): void {
    for (const oldest of withoutPlace) {
      if (withoutPlace.size <= maxWithoutPlace) {
        return;
      }
      abort(oldest, "open_requests");
    }
  }

  function countPlace(exchange: Exchange): void {
    if (!hasPlace(exchange.request)) {
      withoutPlace.add(exchange);
    }
  }

  function abort(exchange: Exchange, cause: "open_requests" | "response_timeout"): void {
    onRejected(cause);
    // Not when its end is reported: that may be later.
    open.delete(exchange);
    withoutPlace.delete(exchange);
    if (isHttp2(exchange.request)) {
      const { stream } = exchange.request;
      stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      // A client that reads nothing would get no RST_STREAM either, and keep the stream.
      stream.destroy();
    } else {
      exchange.socket?.destroy();
    }
  }

  return {
    watch(request, response) {
      const socket = isHttp2(request) ? undefined : request.socket;
      if (arrived.push({ request, response, socket }) === 1) {
        setImmediate(keepOpen);
      }
    },
    sweep(now) {
      for (const [exchange, unread] of open) {
        countPlace(exchange);
        const bytes = unreadBytes(exchange);
        if (bytes === 0 || bytes !== unread.bytes) {
          unread.bytes = bytes;
          unread.since = now;
        } else if (now - unread.since > unreadTimeoutMs + bytes / slowestBytesPerMs) {
          abort(exchange, "response_timeout");
        }
      }
      endOldest();
    },
  };
}

function isHttp2(request: HttpRequest): request is Http2Request {
  return "stream" in request;
}

function isOpen({ response, socket }: Exchange): boolean {
  return "stream" in response ? !response.destroyed : !response.closed && socket?.destroyed === false;
}

function onceClosed({ request, response }: Exchange, act: () => void): void {
  if (isHttp2(request)) {
    request.stream.once("close", act);
  } else {
    response.once("close", act);
  }
}

/** Over HTTP/1.1 those of all answers on the connection: the client reads them in their order. */
function unreadBytes({ request, socket }: Exchange): number {
  return isHttp2(request) ? request.stream.writableLength : (socket?.writableLength ?? 0);
}
