import { constants } from "node:http2";
import type { Socket } from "node:net";
import type { Http2Request, HttpRequest, HttpResponse } from "../http-handler.ts";
import type { ServerLimits } from "../limits/server-limits.ts";
import { closeLingering, discardMsOf, hangUp, maxDiscardedBytes } from "./lingering.ts";
import { countedBytes, discardBody, isUnread, onManyPieces } from "./messages.ts";
import type { OnRejected } from "./rejection.ts";
import { malformed, type RequestError, tooSlow } from "./request-error.ts";

/**
 * The requests whose bodies have not arrived. One that has been answered may go on for a while, and what it sends is
 * discarded; then it is ended without another answer. Handlers answer and need not read, close or reset anything.
 */
export type Bodies = {
  /** Adds a request whose header has arrived. */
  watch(request: HttpRequest, response: HttpResponse): void;
  /** Ends those that have not arrived in time. */
  sweep(now: number): void;
  /** From now on, requests that have been answered are ended at once. */
  close(): void;
};

type Body = {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  /** Only over HTTP/1.1. Node unsets `request.socket` once a handler has stopped reading. */
  readonly socket: Socket | undefined;
  /** When its header had arrived or, if it has been answered, when the response was complete. */
  since: number;
  /** Returns the bytes discarded so far; undefined until the request has been answered. */
  discarded: (() => number) | undefined;
  /** Whether its client waited for 100 (Continue), which was never sent. Over HTTP/1.1 it may send its body nevertheless. */
  isUninvited: boolean;
};

/**
 * Creates an empty set. Times are those of `performance.now()`.
 *
 * Nearly all bodies, thousands per second, arrive with their header: each costs one entry of a list that is dropped once
 * the packet was read. Only requests that are still incomplete then are checked by each sweep.
 */
export function createBodies(limits: ServerLimits, timeoutMs: number, onRejected: OnRejected): Bodies {
  const discardMs = discardMsOf(limits);
  let closing = false;
  let arriving: Pick<Body, "request" | "response" | "socket">[] = [];
  const late = new Set<Body>();

  function keepIncomplete(): void {
    const since = performance.now();
    for (const { request, response, socket } of arriving) {
      const body: Body = { request, response, socket, since, discarded: undefined, isUninvited: false };
      if (!hasArrived(body)) {
        late.add(body);
        const answer = isHttp2(request) ? request.stream : response;
        if (answer.writableFinished) {
          discard(body);
        } else {
          answer.once("finish", () => discard(body));
        }
      }
    }
    arriving = [];
  }

  /** Reads on: a request that is answered and half read would block its connection. */
  function discard(body: Body): void {
    const { request, socket } = body;
    body.since = performance.now();
    body.isUninvited = isUnread(request);
    discardBody(request);
    if (isHttp2(request)) {
      const { stream } = request;
      const before = countedBytes(request);
      const discarded = () => countedBytes(request) - before;
      body.discarded = discarded;
      stream.on("data", function pauseWhenEnough() {
        if (discarded() > maxDiscardedBytes) {
          stream.pause();
        }
      });
      request.resume();
    } else if (socket !== undefined) {
      const before = socket.bytesRead;
      body.discarded = () => socket.bytesRead - before;
      socket.resume();
    }
  }

  /** Ends a request that has been answered; false if it may still send. */
  function end({ request, socket, since, discarded, isUninvited }: Body, now: number): boolean {
    const isLate = now - since > discardMs;
    const isEnough = closing || (isUninvited && isHttp2(request)) || (discarded?.() ?? 0) > maxDiscardedBytes;
    // A reset would overtake the end of an answer that has not been sent.
    const isSent = !isHttp2(request) || request.stream.state.localClose === 1;
    if (!isLate && !(isEnough && isSent)) {
      return false;
    }
    if (isLate) {
      onRejected("body_timeout");
    }
    if (isHttp2(request)) {
      // RFC 9113 8.1: after the complete response, asks the client to stop sending.
      request.stream.close(constants.NGHTTP2_NO_ERROR);
      // Unread data would keep the stream open.
      request.stream.resume();
    } else if (socket !== undefined) {
      closeLingering(socket);
    }
    return true;
  }

  /** Ends a request at once: each further piece would cost as much as those before. */
  function endPieces(request: HttpRequest): void {
    const isIt = (body: { request: HttpRequest }) => body.request === request;
    const body = arriving.find(isIt) ?? [...late].find(isIt);
    if (body !== undefined) {
      onRejected("body_pieces");
      // Not while Node's parser runs.
      process.nextTick(close, body, {
        requestError: malformed("the body must arrive in fewer, larger pieces"),
        resetCode: constants.NGHTTP2_ENHANCE_YOUR_CALM,
      });
    }
  }

  return {
    watch(request, response) {
      const socket = isHttp2(request) ? undefined : request.socket;
      onManyPieces(request, endPieces);
      if (arriving.push({ request, response, socket }) === 1) {
        setImmediate(keepIncomplete);
      }
    },
    sweep(now) {
      for (const body of late) {
        if (hasArrived(body)) {
          late.delete(body);
        } else if (body.discarded !== undefined) {
          if (end(body, now)) {
            late.delete(body);
          }
        } else if (now - body.since > timeoutMs && !isBidirectional(body)) {
          close(body, { requestError: tooSlow("body"), resetCode: constants.NGHTTP2_CANCEL });
          late.delete(body);
          onRejected("body_timeout");
        }
      }
    },
    close() {
      closing = true;
    },
  };
}

function isHttp2(request: HttpRequest): request is Http2Request {
  return "stream" in request;
}

/** Whether a body has arrived completely, read or not, or its client is gone or being disconnected. */
function hasArrived({ request, socket }: Body): boolean {
  return (
    request.complete ||
    (!isHttp2(request) && (socket === undefined || socket.destroyed || socket.writableEnded))
  );
}

/** Whether a request may go on after `timeoutMs` because its method takes a stream of messages, and has answered. */
function isBidirectional({ request, response }: Body): boolean {
  return isHttp2(request) && response.headersSent && !response.writableEnded;
}

/** Closes a request, with a status over HTTP/1.1 if it has not been answered. */
function close(
  { response, socket }: Pick<Body, "response" | "socket">,
  { requestError, resetCode }: { requestError: RequestError; resetCode: number },
): void {
  if ("stream" in response) {
    response.stream.close(resetCode);
  } else if (response.writableEnded && socket !== undefined) {
    closeLingering(socket);
  } else if (response.headersSent || response.socket === null) {
    // A response has a socket once those before it on the connection have been sent.
    socket?.destroy();
  } else if (socket !== undefined) {
    hangUp(socket, requestError);
  }
}
