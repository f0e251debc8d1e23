import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { hangUp } from "./hang-up.ts";
import type { OnRejected } from "./rejection.ts";

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/** Watches whether the bodies of requests arrive in time. */
export type SlowBodies = {
  /** Takes note of a request whose header is there. */
  watch(request: Request, response: Response): void;
  /** Cuts those whose bodies have not arrived in time. */
  sweep(now: number): void;
};

type Late = { readonly request: Request; readonly response: Response; readonly since: number };

/**
 * Creates a watch without requests. Times are those of `performance.now()`.
 *
 * Nearly every body comes together with its header, and thousands do in a second: they cost one entry of a list that is
 * dropped when the packet has been looked at. Only what is not there by then is kept and looked at by each sweep.
 */
export function createSlowBodies(timeoutMs: number, onRejected: OnRejected): SlowBodies {
  let arriving: { request: Request; response: Response }[] = [];
  const late = new Set<Late>();
  const sort = () => {
    const since = performance.now();
    for (const { request, response } of arriving) {
      if (!hasArrived(request)) {
        late.add({ request, response, since });
      }
    }
    arriving = [];
  };
  return {
    watch(request, response) {
      if (arriving.push({ request, response }) === 1) {
        setImmediate(sort);
      }
    },
    sweep(now) {
      for (const entry of late) {
        if (hasArrived(entry.request)) {
          late.delete(entry);
        } else if (now - entry.since > timeoutMs && cut(entry)) {
          late.delete(entry);
          onRejected("body_timeout");
        }
      }
    },
  };
}

function isHttp2(request: Request): request is Http2ServerRequest {
  return "stream" in request;
}

/** Whether all of a body is here, read or not, or its client has gone. */
function hasArrived(request: Request): boolean {
  return (
    request.complete || request.destroyed || (isHttp2(request) && request.stream.state.remoteClose === 1)
  );
}

/** Cuts a request; false if it may go on, for it is one side of a conversation. */
function cut({ request, response }: Late): boolean {
  if (isHttp2(request)) {
    // Only a method that takes a stream of messages answers before it has them all.
    if (response.headersSent && !response.writableEnded) {
      return false;
    }
    request.stream.close(constants.NGHTTP2_CANCEL);
    return true;
  }
  // An answer has a socket when it is its turn: those before it, on the same connection, have been given.
  if (response.headersSent || response.socket === null) {
    request.socket.destroy();
  } else {
    hangUp(request.socket, 408);
  }
  return true;
}
