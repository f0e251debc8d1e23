import type { DescMethod } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import { isGone, type NodeRequest, type NodeResponse } from "../node-http.ts";

/** What a protocol tells the context of a call. */
export type WireContext = {
  readonly protocolName: string;
  /** Content type of the answer, which implementations find in `responseHeader`. */
  readonly contentType: string;
  /** Adds the context values that only this protocol has. */
  addValues?(values: ContextValues): void;
};

type CallContextInit = {
  method: DescMethod;
  wire: WireContext;
  request: NodeRequest;
  response: NodeResponse;
  values: ContextValues | undefined;
  shutdownSignal: AbortSignal | undefined;
  /** Milliseconds until the caller stops waiting; undefined for no timeout. */
  timeoutMs: number | undefined;
};

/** The context of a call, and what was used of it. */
export type CallContext = HandlerContext & {
  /** Response headers; undefined if the implementation never accessed them. */
  readonly touchedResponseHeader: Headers | undefined;
  /** Response trailers; undefined if the implementation never accessed them. */
  readonly touchedResponseTrailer: Headers | undefined;
  /** Undefined if nobody accessed the signal. */
  readonly touchedSignal: AbortSignal | undefined;
  /** Aborts the signal because the deadline passed. */
  expire(): void;
  /** Aborts the signal because the call has ended, so that what still waits for it stops. */
  end(error?: ConnectError): void;
};

/** Creates the context of a call. Most implementations use no header or signal, so these are created on first access. */
export function createCallContext(init: CallContextInit): CallContext {
  const { method, wire, request, response, timeoutMs } = init;
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
    protocolName: wire.protocolName,
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
      responseHeader ??= new Headers({ "content-type": wire.contentType });
      return responseHeader;
    },
    get responseTrailer() {
      responseTrailer ??= new Headers();
      return responseTrailer;
    },
    get values() {
      if (values === undefined) {
        values = init.values ?? createContextValues();
        wire.addValues?.(values);
      }
      return values;
    },
    get touchedResponseHeader() {
      return responseHeader;
    },
    get touchedResponseTrailer() {
      return responseTrailer;
    },
    get touchedSignal() {
      return signal;
    },
    expire: () => ending?.abort(deadlinePassed()),
    end: (error) => ending?.abort(error),
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
