import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import { isGone } from "./response-stream.ts";

/** Reads a field that the path captured, by proto name, decoded; undefined if the path has no such field. */
export type PathFields = (name: string) => string | undefined;

/**
 * What the path says is known before the body is read: a request gate finds it here. Undefined on calls that did
 * not come over REST.
 */
export const pathFieldsKey = createContextKey<PathFields | undefined>(undefined, {
  description: "fields captured from the path of a REST request",
});

export type RestContextInit = {
  method: DescMethod;
  request: IncomingMessage | Http2ServerRequest;
  response: ServerResponse | Http2ServerResponse;
  values: ContextValues | undefined;
  pathFields: PathFields;
  shutdownSignal: AbortSignal | undefined;
  /** Milliseconds until the caller stops waiting; undefined if it does not say. */
  timeoutMs: number | undefined;
};

/** The context of a REST call, and whether its parts were ever asked for. */
export type RestContext = HandlerContext & {
  /** Headers that the handler set; undefined if it never touched them. */
  readonly touchedResponseHeader: Headers | undefined;
  /** Aborts the signal, for the caller no longer waits. */
  expire(): void;
};

/**
 * Creates the context of a call. Everything that costs (headers as web `Headers`, the abort signal) is made when
 * it is first asked for: most handlers ask for none of it.
 */
export function createRestContext(init: RestContextInit): RestContext {
  const { method, request, response, timeoutMs } = init;
  // Not by the time of day: the machine's clock may be set meanwhile.
  const deadline = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  let requestHeader: Headers | undefined;
  let responseHeader: Headers | undefined;
  let responseTrailer: Headers | undefined;
  let signal: AbortSignal | undefined;
  let ending: AbortController | undefined;
  let values = init.values;
  return {
    service: method.parent,
    method,
    protocolName: "rest",
    requestMethod: request.method ?? "",
    get url() {
      const target = request.url ?? "";
      if (!target.startsWith("/")) {
        return target;
      }
      const host = request.headers[":authority"] ?? request.headers.host ?? "localhost";
      return `${"encrypted" in request.socket ? "https" : "http"}://${host}${target}`;
    },
    get signal() {
      if (signal === undefined) {
        ending = createEnding(response);
        if (deadline !== undefined && deadline <= performance.now()) {
          ending.abort(deadlinePassed());
        }
        signal = init.shutdownSignal ? AbortSignal.any([ending.signal, init.shutdownSignal]) : ending.signal;
      }
      return signal;
    },
    timeoutMs: () => (deadline === undefined ? undefined : deadline - performance.now()),
    get requestHeader() {
      requestHeader ??= toHeaders(request.headers);
      return requestHeader;
    },
    get responseHeader() {
      responseHeader ??= new Headers();
      return responseHeader;
    },
    get responseTrailer() {
      responseTrailer ??= new Headers();
      return responseTrailer;
    },
    get values() {
      values ??= createContextValues();
      if (values.get(pathFieldsKey) === undefined) {
        values.set(pathFieldsKey, init.pathFields);
      }
      return values;
    },
    get touchedResponseHeader() {
      return responseHeader;
    },
    expire: () => ending?.abort(deadlinePassed()),
  };
}

/** Aborts when the caller goes away before it is answered. */
function createEnding(response: ServerResponse | Http2ServerResponse): AbortController {
  const ending = new AbortController();
  const onClose = () => {
    // Not writableFinished, which node:http2 sets on every close.
    if (!response.writableEnded) {
      ending.abort(new ConnectError("the client went away", Code.Canceled));
    }
  };
  if (isGone(response)) {
    onClose();
  }
  response.once("close", onClose);
  return ending;
}

/** The error of a call whose caller no longer waits. */
function deadlinePassed(): ConnectError {
  return new ConnectError("the deadline of the request passed", Code.DeadlineExceeded);
}

function toHeaders(from: NodeJS.Dict<string | string[]>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(from)) {
    if (name.startsWith(":")) {
      continue;
    }
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined) {
        headers.append(name, each);
      }
    }
  }
  return headers;
}
