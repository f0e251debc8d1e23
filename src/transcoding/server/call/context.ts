import type { DescMethod, DescService } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import { isGone, type NodeRequest, type NodeResponse } from "../node-http.ts";
import type { CallErrors } from "./errors.ts";

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
  errors: CallErrors;
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
  /** Aborts the signal because the call has ended, so that what still waits for it stops. `reason`: why it failed. */
  end(reason?: unknown): void;
};

/**
 * The context of a call. Most implementations use no header or signal, so these are created on first access. A class, because
 * an object with accessors of its own takes several times as long to create.
 */
class LazyContext implements CallContext {
  readonly service: DescService;
  readonly method: DescMethod;
  readonly protocolName: string;
  /** Not a method: implementations may take it off the context. */
  readonly timeoutMs: () => number | undefined;
  readonly #init: CallContextInit;
  /** Monotonic: the system clock may change during the call. */
  readonly #deadline: number | undefined;
  #requestHeader: Headers | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;
  #signal: AbortSignal | undefined;
  #ending: AbortController | undefined;
  #values: ContextValues | undefined;
  #ended: { readonly reason: unknown } | undefined;

  constructor(init: CallContextInit) {
    this.service = init.method.parent;
    this.method = init.method;
    this.protocolName = init.wire.protocolName;
    this.#init = init;
    const deadline = init.timeoutMs === undefined ? undefined : performance.now() + init.timeoutMs;
    this.#deadline = deadline;
    this.timeoutMs = () => (deadline === undefined ? undefined : deadline - performance.now());
  }

  get requestMethod(): string {
    return this.#init.request.method ?? "";
  }

  get url(): string {
    const { url: target = "", headers, socket } = this.#init.request;
    if (!target.startsWith("/")) {
      return target;
    }
    const host = headers[":authority"] ?? headers.host ?? "localhost";
    return `${"encrypted" in socket ? "https" : "http"}://${host}${target}`;
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const { response, shutdownSignal } = this.#init;
      const ending = createEnding(response);
      if (this.#ended !== undefined) {
        ending.abort(this.#ended.reason);
      } else if (this.#deadline !== undefined && this.#deadline <= performance.now()) {
        ending.abort(this.#init.errors.deadlinePassed().error);
      }
      this.#ending = ending;
      this.#signal = shutdownSignal ? AbortSignal.any([ending.signal, shutdownSignal]) : ending.signal;
    }
    return this.#signal;
  }

  get requestHeader(): Headers {
    this.#requestHeader ??= toHeaders(this.#init.request.headers);
    return this.#requestHeader;
  }

  get responseHeader(): Headers {
    this.#responseHeader ??= new Headers({ "content-type": this.#init.wire.contentType });
    return this.#responseHeader;
  }

  get responseTrailer(): Headers {
    this.#responseTrailer ??= new Headers();
    return this.#responseTrailer;
  }

  get values(): ContextValues {
    if (this.#values === undefined) {
      this.#values = this.#init.values ?? createContextValues();
      this.#init.wire.addValues?.(this.#values);
    }
    return this.#values;
  }

  get touchedResponseHeader(): Headers | undefined {
    return this.#responseHeader;
  }

  get touchedResponseTrailer(): Headers | undefined {
    return this.#responseTrailer;
  }

  get touchedSignal(): AbortSignal | undefined {
    return this.#signal;
  }

  expire(): void {
    this.#ending?.abort(this.#init.errors.deadlinePassed().error);
  }

  end(reason?: unknown): void {
    this.#ended = { reason };
    this.#ending?.abort(reason);
  }
}

/** Creates the context of a call. */
export function createCallContext(init: CallContextInit): CallContext {
  return new LazyContext(init);
}

/** Returns a context with everything in properties of its own, which connect copies for interceptors. */
export function wholeContext(context: HandlerContext): HandlerContext {
  const { service, method, protocolName, requestMethod, url, signal, values } = context;
  const { requestHeader, responseHeader, responseTrailer } = context;
  const timeoutMs = () => context.timeoutMs();
  const header = { requestHeader, responseHeader, responseTrailer };
  return { service, method, protocolName, requestMethod, url, signal, values, timeoutMs, ...header };
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
