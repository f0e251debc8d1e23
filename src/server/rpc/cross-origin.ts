import { cors } from "@connectrpc/connect";
import { type CorsOptions, createCors, isPreflight } from "../../transcoding/index.ts";
import type { HttpRequest, HttpResponse } from "../http-handler.ts";

/**
 * Returns whose pages may call, for REST and RPC alike: those of the origins, every one for `*`; undefined for none.
 * Cookies are never asked for, so a page can do no more than the token that it has.
 */
export function corsOptionsOf(origins: readonly string[]): CorsOptions | undefined {
  if (origins.length === 0) {
    return undefined;
  }
  return {
    origins: origins.includes("*") ? "*" : origins,
    // The outcome of gRPC-Web calls that have no message, how long to wait, and why a token was refused.
    exposedHeaders: [...cors.exposedHeaders, "Retry-After", "WWW-Authenticate"],
  };
}

/** Answers a preflight, and says that it did; to any other request's answer it adds what lets pages read it. */
export type CrossOrigin = (
  request: HttpRequest,
  response: HttpResponse,
  /** HTTP methods of the path that is asked for. */
  methods: readonly string[],
) => boolean;

/** Creates what RPC calls need to come from pages; the transcoding handler has its own. */
export function createCrossOrigin(options: CorsOptions): CrossOrigin {
  const policy = createCors(options);
  const vary = options.origins === "*" ? {} : { vary: "origin" };

  return (request, response, methods) => {
    const isAsking = request.method === "OPTIONS" && isPreflight(request.headers);
    const headers = isAsking ? policy.preflight(request.headers, methods) : policy.headers(request.headers);
    for (const [name, value] of Object.entries({ ...vary, ...headers })) {
      response.setHeader(name, value);
    }
    if (isAsking) {
      response.statusCode = 204;
      response.end();
    }
    return isAsking;
  };
}
