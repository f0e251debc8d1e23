import { constants, type Http2ServerRequest } from "node:http2";
import type { HttpRequest, HttpResponse } from "../http-handler.ts";
import { hangUp } from "./hang-up.ts";
import type { OnRejected } from "./rejection.ts";

/** Closes requests whose bodies do not arrive in time. */
export type SlowBodies = {
  /** Adds a request whose header has arrived. */
  watch(request: HttpRequest, response: HttpResponse): void;
  /** Closes those whose bodies have not arrived in time. */
  sweep(now: number): void;
};

type Late = { readonly request: HttpRequest; readonly response: HttpResponse; readonly since: number };

/**
 * Creates an empty set. Times are those of `performance.now()`.
 *
 * Nearly all bodies, thousands per second, arrive with their header: each costs one entry of a list that is dropped once
 * the packet was read. Only requests that are still incomplete then are checked by each sweep.
 */
export function createSlowBodies(timeoutMs: number, onRejected: OnRejected): SlowBodies {
  let arriving: { request: HttpRequest; response: HttpResponse }[] = [];
  const late = new Set<Late>();
  function keepIncomplete(): void {
    const since = performance.now();
    for (const { request, response } of arriving) {
      if (!hasArrived(request)) {
        late.add({ request, response, since });
      }
    }
    arriving = [];
  }

  return {
    watch(request, response) {
      if (arriving.push({ request, response }) === 1) {
        setImmediate(keepIncomplete);
      }
    },
    sweep(now) {
      for (const entry of late) {
        if (hasArrived(entry.request)) {
          late.delete(entry);
        } else if (now - entry.since > timeoutMs && close(entry)) {
          late.delete(entry);
          onRejected("body_timeout");
        }
      }
    },
  };
}

function isHttp2(request: HttpRequest): request is Http2ServerRequest {
  return "stream" in request;
}

/** Whether a body has arrived completely, read or not, or its client has disconnected. */
function hasArrived(request: HttpRequest): boolean {
  return (
    request.complete || request.destroyed || (isHttp2(request) && request.stream.state.remoteClose === 1)
  );
}

/** Closes a request; false if it may go on because it is one side of a bidirectional stream. */
function close({ request, response }: Late): boolean {
  if (isHttp2(request)) {
    // Only a method that takes a stream of messages answers before the request is complete.
    if (response.headersSent && !response.writableEnded) {
      return false;
    }
    request.stream.close(constants.NGHTTP2_CANCEL);
    return true;
  }
  // A response has a socket once those before it on the connection have been sent.
  if (response.headersSent || response.socket === null) {
    request.socket.destroy();
  } else {
    hangUp(request.socket, 408);
  }
  return true;
}
