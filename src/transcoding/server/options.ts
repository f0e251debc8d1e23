import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectError, ConnectRouter, ContextValues, HandlerContext } from "@connectrpc/connect";
import type { CorsOptions } from "./cors.ts";
import type { RestRouteOptions } from "./routes.ts";

/** How a transcoding handler serves. */
export type TranscodingOptions = RestRouteOptions & {
  /** Registers the services; the same function that connectNodeAdapter takes. */
  routes: (router: ConnectRouter) => void;
  /** Runs before the body is read, as on the RPC protocols; refuses by throwing a ConnectError. */
  requestGate?: (context: HandlerContext) => void | Promise<void>;
  /** Creates the context values of a request. */
  contextValues?: (request: IncomingMessage | Http2ServerRequest) => ContextValues;
  /** Lets pages of other origins call. Without it no browser does. */
  cors?: CorsOptions;
  /** Largest request body, in decompressed bytes. Defaults to 1 MiB. */
  readMaxBytes?: number;
  /** How long a request body may take to arrive, in milliseconds. Defaults to 30,000. */
  bodyTimeoutMs?: number;
  /** Longest request target, in characters. Defaults to 8192. */
  maxTargetLength?: number;
  /** Longest deadline that a caller may ask for, in milliseconds; longer ones count as this. No bound by default. */
  maxTimeoutMs?: number;
  /** Answers from this size on are compressed for callers that take it, in bytes. Defaults to 1,024. */
  compressMinBytes?: number;
  /** `ErrorInfo.domain` of the errors that the library itself raises. */
  errorDomain?: string;
  /** Aborts the signals of running calls. */
  shutdownSignal?: AbortSignal;
  /** Headers of the answers to a request, beside those that its handler sets. */
  responseHeaders?: (request: IncomingMessage | Http2ServerRequest) => Readonly<Record<string, string>>;
  /** Is told every error that a request is answered with, those of the library itself among them. */
  onError?: (error: ConnectError, request: IncomingMessage | Http2ServerRequest) => void;
  /** Is told what went wrong inside; the caller is only told that something did. Defaults to console.error. */
  onFailure?: (cause: unknown, method: DescMethod, request: IncomingMessage | Http2ServerRequest) => void;
};
