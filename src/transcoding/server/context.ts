import type { DescMethod } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import type { HttpBinding } from "../http/rules.ts";
import type { NodeRequest, NodeResponse } from "./node-http.ts";
import { isGone } from "./response-stream.ts";

/** Returns the decoded value of a field in the path, by proto name; undefined if the path has no such field. */
export type PathFields = (name: string) => string | undefined;

/**
 * The fields in the path of a REST request, which a request gate can read before the body is read. Undefined for calls
 * over other protocols.
 */
export const pathFieldsKey = createContextKey<PathFields | undefined>(undefined, {
  description: "fields in the path of a REST request",
});

/**
 * The binding of google.api.http that a REST request matched. Gates, interceptors and handlers can read it. Undefined
 * for calls over other protocols.
 *
 * ```ts
 * getBook(request, { values }) {
 *   const binding = values.get(httpBindingKey);
 *   // "GET /v1/books/{name}", 0 for the rule itself or n for its n-th additional binding
 *   log(`${binding?.httpMethod} ${binding?.template.source}`, binding?.index);
 * }
 * ```
 */
export const httpBindingKey = createContextKey<HttpBinding | undefined>(undefined, {
  description: "binding of google.api.http of a REST request",
});

/**
 * Sends the header of a stream before its first message, so that the caller knows that it has begun: for streams that may
 * have no message for long. Undefined for unary calls and for other protocols.
 */
export const openStreamKey = createContextKey<(() => void) | undefined>(undefined, {
  description: "sends the header of a REST stream",
});

type RestContextInit = {
  method: DescMethod;
  request: NodeRequest;
  response: NodeResponse;
  values: ContextValues | undefined;
  binding: HttpBinding;
  pathFields: PathFields;
  shutdownSignal: AbortSignal | undefined;
  /** Milliseconds until the caller stops waiting; undefined for no timeout. */
  timeoutMs: number | undefined;
};

export type RestContext = HandlerContext & {
  /** Response headers; undefined if the handler never accessed them. */
  readonly touchedResponseHeader: Headers | undefined;
  /** Aborts the signal because the deadline passed. */
  expire(): void;
};

/** Creates the context of a call. Most handlers use no header or signal, so these are created on first access. */
export function createRestContext(init: RestContextInit): RestContext {
  const { method, request, response, timeoutMs } = init;
  // Monotonic: the system clock may change during the call.
  const deadline = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  let requestHeader: Headers | undefined;
  let responseHeader: Headers | undefined;
  let responseTrailer: Headers | undefined;
  let signal: AbortSignal | undefined;
  let ending: AbortController | undefined;
  let values: ContextValues | undefined;
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
      values ??= (init.values ?? createContextValues())
        .set(pathFieldsKey, init.pathFields)
        .set(httpBindingKey, init.binding);
      return values;
    },
    get touchedResponseHeader() {
      return responseHeader;
    },
    expire: () => ending?.abort(deadlinePassed()),
  };
}

/** Returns a controller that aborts if the client disconnects before the response ends. */
function createEnding(response: NodeResponse): AbortController {
  const ending = new AbortController();
  const onClose = () => {
    // Not writableFinished, because node:http2 sets it on every close.
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
