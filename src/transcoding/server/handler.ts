import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { connectNodeAdapter } from "@connectrpc/connect-node";
import { parseRequestTarget } from "../http/request-target.ts";
import { createRestCall } from "./call.ts";
import { createCors, isPreflight } from "./cors.ts";
import { createRefusals, type Refusal } from "./errors.ts";
import type { TranscodingOptions } from "./options.ts";
import { type ResponseFrame, respondEmpty, respondError } from "./response.ts";
import { compileRestRoutes } from "./routes.ts";

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/**
 * A request listener for node:http and node:http2, and for the `fallback` of connectNodeAdapter. It answers every
 * request, unknown paths with 404.
 */
export type TranscodingHandler = ReturnType<typeof connectNodeAdapter>;

/** A method that no rule can have, to ask which methods a path does have. */
const noMethod = " ";

/**
 * Creates the handler that serves methods by their google.api.http rules, next to connect-node on the same
 * implementations. Throws at once when a rule is wrong or two rules clash.
 */
export function createTranscodingHandler(options: TranscodingOptions): TranscodingHandler {
  const tree = compileRestRoutes(options.routes, options);
  const domain = options.errorDomain ?? "transcoding";
  const refusals = createRefusals(domain);
  const call = createRestCall(options, refusals, domain);
  const cors = options.cors && createCors(options.cors);
  const longestTarget = options.maxTargetLength ?? 8_192;
  const compressMinBytes = options.compressMinBytes ?? 1_024;
  const vary = `accept, accept-encoding${options.cors && options.cors.origins !== "*" ? ", origin" : ""}`;
  const noHeaders = {};

  const headersOf = (request: Request) => {
    const own = options.responseHeaders?.(request) ?? noHeaders;
    return cors === undefined ? own : { ...own, ...cors.headers(request.headers) };
  };
  const frameOf = (request: Request, response: Response): ResponseFrame => ({
    response,
    headers: headersOf(request),
    vary,
    acceptEncoding: request.headers["accept-encoding"] as string | undefined,
    compressMinBytes,
  });

  return function handle(request, answer) {
    // The adapter's own type of a response differs from Node's in a detail that does not matter here.
    const frame = frameOf(request, answer as Response);
    const refuse = ({ error, init }: Refusal) => {
      options.onError?.(error, request);
      respondError(frame, error, { domain, ...init });
    };
    const target = request.url ?? "";
    if (target.length > longestTarget) {
      refuse(refusals.targetTooLong(longestTarget));
      return;
    }
    const { path, query } = parseRequestTarget(target);
    const method = request.method ?? "";
    // Before the look-up: a preflight is answered by the path, even where a rule takes every method.
    const preflight = method === "OPTIONS" && cors !== undefined && isPreflight(request.headers);
    const found = tree.match(preflight ? noMethod : method, path);
    if (found === undefined) {
      refuse(refusals.routeNotFound());
    } else if (!("allowed" in found)) {
      if (preflight) {
        const wanted = [request.headers["access-control-request-method"] ?? ""];
        respondEmpty(frame, 204, cors.preflight(request.headers, wanted));
        return;
      }
      void call(found, { path, query }, request, frame);
    } else if (method === "OPTIONS") {
      const allow = { allow: [...found.allowed, "OPTIONS"].sort().join(", ") };
      respondEmpty(
        frame,
        204,
        preflight ? { ...allow, ...cors.preflight(request.headers, found.allowed) } : allow,
      );
    } else {
      refuse(refusals.methodNotAllowed(method, found.allowed));
    }
  };
}
