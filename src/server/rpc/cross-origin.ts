import { cors } from "@connectrpc/connect";
import { type CorsOptions, createCors, isPreflight } from "../../transcoding/index.ts";
import type { HttpRequest, HttpResponse } from "../http-handler.ts";

/**
 * Returns the CORS options of REST and RPC for a list of origins, `*` for all; undefined for an empty list. Credentials
 * are never allowed, so a page can do only what its token allows. No page may make a request that `isClosed` returns true for.
 */
export function corsOptionsOf(
  origins: readonly string[],
  isClosed?: CorsOptions["isClosed"],
): CorsOptions | undefined {
  if (origins.length === 0) {
    return undefined;
  }
  return {
    origins: origins.includes("*") ? "*" : origins,
    // The status of gRPC-Web calls without a message, how long to wait, and why a token was rejected.
    exposedHeaders: [...cors.exposedHeaders, "Retry-After", "WWW-Authenticate"],
    isClosed,
  };
}

/**
 * Creates the CORS handling of RPC calls; the transcoding handler has its own. It answers a preflight and returns true;
 * it adds CORS headers to the response of any other request. `methods` are those of the requested path.
 */
export function createCrossOrigin(options: CorsOptions) {
  const policy = createCors(options);
  const vary = options.origins === "*" ? {} : { vary: "origin" };

  return function handleCors(
    request: HttpRequest,
    response: HttpResponse,
    methods: readonly string[],
  ): boolean {
    if (options.isClosed?.(request)) {
      return false;
    }
    const isPreflightRequest = request.method === "OPTIONS" && isPreflight(request.headers);
    const headers = isPreflightRequest
      ? policy.preflight(request.headers, methods)
      : policy.headers(request.headers);
    for (const [name, value] of Object.entries({ ...vary, ...headers })) {
      response.setHeader(name, value);
    }
    if (isPreflightRequest) {
      response.statusCode = 204;
      response.end();
    }
    return isPreflightRequest;
  };
}
