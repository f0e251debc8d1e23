import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectError, ConnectRouter, ContextValues, HandlerContext } from "@connectrpc/connect";
import type { CorsOptions } from "./cors.ts";
import type { NodeRequest } from "./node-http.ts";
import type { RestRouteOptions } from "./routes.ts";

export type TranscodingOptions = RestRouteOptions & {
  /** Registers the services, as for connectNodeAdapter. */
  routes: (router: ConnectRouter) => void;
  /** Runs before the body is read, as on the RPC protocols. Rejects a request by throwing a ConnectError. */
  requestGate?: (context: HandlerContext) => void | Promise<void>;
  contextValues?: (request: NodeRequest) => ContextValues;
  /** Allows pages of other origins to call. By default, browsers block such calls. */
  cors?: CorsOptions;
  /** Largest request body, in decompressed bytes. Defaults to 1 MiB. */
  readMaxBytes?: number;
  /** Time in which a request body must arrive, in milliseconds. Defaults to 30,000. */
  bodyTimeoutMs?: number;
  /** Longest request target, in characters. Defaults to 8,192. */
  maxTargetLength?: number;
  /** Upper bound of the timeout that callers request, in milliseconds. Defaults to none. */
  maxTimeoutMs?: number;
  /** Smallest response that is compressed if the caller accepts it, in bytes. Defaults to 1,024. */
  compressMinBytes?: number;
  /**
   * Returns what is probably wrong with the path of a request that no method has, or undefined. The caller gets it, so it
   * must not contain the path.
   */
  explainUnknownPath?: (rawPath: string) => string | undefined;
  /** `ErrorInfo.domain` of errors that this library raises. Defaults to `transcoding`. */
  errorDomain?: string;
  /** Aborts the signals of running calls. */
  shutdownSignal?: AbortSignal;
  /** Additional headers of the response to a request. */
  responseHeaders?: (request: NodeRequest) => Readonly<Record<string, string>>;
  /**
   * Called with each error that a caller receives, including those that this library raises. Answers leave `bodyPath`, the
   * path of the field that is the body, out of its violations and its message: the caller did not write it.
   */
  onError?: (error: ConnectError, request: NodeRequest, bodyPath: string | undefined) => void;
  /** Called with the cause of each internal error; callers receive no details of it. Defaults to console.error. */
  onFailure?: (cause: unknown, method: DescMethod, request: NodeRequest) => void;
};
