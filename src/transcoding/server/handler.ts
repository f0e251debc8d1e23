import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { parseRequestTarget } from "../http/request-target.ts";
import { typesWith } from "../http/types.ts";
import { type CallError, createCallErrors } from "./call/errors.ts";
import { createCallServer } from "./call/serve-call.ts";
import { createCors, isPreflight } from "./cors.ts";
import type { NodeRequest, NodeResponse } from "./node-http.ts";
import type { TranscodingOptions } from "./options.ts";
import { createInputReader } from "./read-input.ts";
import { type ResponseFrame, respondEmpty, respondError } from "./response.ts";
import { createRestWire } from "./rest-wire.ts";
import { compileRestRoutes } from "./routes.ts";

/** A response as connect-node declares it: that of either HTTP version, with methods that both have. */
type ConnectNodeResponse = (Omit<ServerResponse, "write"> | Omit<Http2ServerResponse, "write">) & {
  write(chunk: string | Uint8Array, callback?: (error: Error | null | undefined) => void): boolean;
  write(
    chunk: string | Uint8Array,
    encoding: BufferEncoding,
    callback?: (error: Error | null | undefined) => void,
  ): boolean;
  writeHead(status: number, headers?: OutgoingHttpHeaders): unknown;
};

/**
 * A request listener for node:http, node:http2, the `fallback` of connectNodeAdapter, and a middleware of Express. `next`
 * is called, instead of a response, if no rule has the path of the request. Without it, the response is 404.
 */
export type TranscodingHandler = {
  (request: NodeRequest, response: NodeResponse, next?: () => void): void;
  (request: IncomingMessage | Http2ServerRequest, response: ConnectNodeResponse, next?: () => void): void;
};

/** An HTTP method that no rule can have. Matching it returns the methods of a path. */
const noMethod = " ";

/**
 * Creates a handler that serves methods by their google.api.http rules, with the same implementations as connect-node.
 * Throws if a rule is invalid or two rules have the same route. A request may be answered before its body has been
 * read: what to do with the rest is left to the server.
 *
 * ```ts
 * const handler = createTranscodingHandler({ routes });
 * http.createServer(connectNodeAdapter({ routes, fallback: handler })).listen(8080);
 * ```
 */
export function createTranscodingHandler(options: TranscodingOptions): TranscodingHandler {
  const registry = typesWith(options.registry);
  const tree = compileRestRoutes(options.routes, { ...options, registry });
  const domain = options.errorDomain ?? "transcoding";
  const errors = createCallErrors(domain);
  const server = createCallServer(options, errors);
  const { readMaxBytes = 1024 * 1024, bodyTimeoutMs = 30_000 } = options;
  const readInput = createInputReader(errors, readMaxBytes, bodyTimeoutMs);
  const restOptions = { ...server, readInput, errors, domain };
  const cors = options.cors && createCors(options.cors);
  const maxTargetLength = options.maxTargetLength ?? 8_192;
  const compressMinBytes = options.compressMinBytes ?? 1_024;
  const vary = `accept, accept-encoding${options.cors && options.cors.origins !== "*" ? ", origin" : ""}`;

  const corsOf = (request: NodeRequest) => (options.cors?.isClosed?.(request) ? undefined : cors);
  const frameOf = (request: NodeRequest, response: NodeResponse): ResponseFrame => ({
    response,
    headers: { ...options.responseHeaders?.(request), ...corsOf(request)?.headers(request.headers) },
    vary,
    acceptEncoding: request.headers["accept-encoding"] as string | undefined,
    compressMinBytes,
    registry,
  });

  const handleRequest = (request: NodeRequest, response: NodeResponse, next?: () => void) => {
    const frame = frameOf(request, response);
    const reject = ({ error, response }: CallError) => {
      options.onError?.(error, request, response.bodyPath);
      respondError(frame, error, { domain, ...response });
    };
    const target = request.url ?? "";
    const isTooLong = target.length > maxTargetLength;
    // Another handler may accept it, unless a rule has its path.
    if (isTooLong && next === undefined) {
      reject(errors.targetTooLong(maxTargetLength));
      return;
    }
    const { path, query } = parseRequestTarget(target);
    const method = request.method ?? "";
    // Before the lookup, because a preflight is about the path, even if a rule has the method `*`.
    const preflightCors = method === "OPTIONS" && isPreflight(request.headers) ? corsOf(request) : undefined;
    const wanted = preflightCors === undefined ? method : noMethod;
    // A path that is itself too long is not looked up, which bounds the time: it is left to `next`.
    const found = path.length > maxTargetLength ? undefined : tree.match(wanted, path);
    if (found === undefined && next !== undefined) {
      next();
    } else if (isTooLong) {
      reject(errors.targetTooLong(maxTargetLength));
    } else if (found === undefined) {
      reject(errors.routeNotFound(options.explainUnknownPath?.(path)));
    } else if (!("allowed" in found)) {
      if (preflightCors !== undefined) {
        const requested = [request.headers["access-control-request-method"] ?? ""];
        respondEmpty(frame, 204, preflightCors.preflight(request.headers, requested));
        return;
      }
      const { method, invoke } = found.route;
      const rest = { match: found, target: { path, query }, request, frame };
      const wire = createRestWire(restOptions, rest);
      void server.serve({ method, request, response: frame.response, wire, invoke: invoke.call });
    } else if (method === "OPTIONS") {
      const allow = { allow: [...found.allowed, "OPTIONS"].sort().join(", ") };
      respondEmpty(frame, 204, { ...allow, ...preflightCors?.preflight(request.headers, found.allowed) });
    } else {
      reject(errors.methodNotAllowed(method, found.allowed));
    }
  };
  // connect-node's type of a response differs from Node's in an irrelevant detail.
  return handleRequest as TranscodingHandler;
}
