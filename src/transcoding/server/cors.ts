import type { IncomingHttpHeaders } from "node:http";
import type { NodeRequest } from "./node-http.ts";

/** Specifies which pages of other origins may call the server (Fetch standard, CORS protocol). */
export type CorsOptions = {
  /** Origins such as `https://console.example.com`, or `*` for all. */
  origins: readonly string[] | "*";
  /** Whether browsers may send credentials such as cookies. Not allowed together with `*`. Defaults to false. */
  credentials?: boolean;
  /** Response headers that pages may read in addition to the safelisted ones. */
  exposedHeaders?: readonly string[];
  /** How long browsers may cache the response to a preflight, in seconds. Defaults to 7200. */
  maxAgeSeconds?: number;
  /** Returns whether no page of another origin may make a request, not even of the `origins`. Defaults to none. */
  isClosed?: ((request: NodeRequest) => boolean) | undefined;
};

export type Cors = {
  /** For ordinary responses. */
  headers(request: IncomingHttpHeaders): Readonly<Record<string, string>>;
  /** For the response to a preflight; `methods`: HTTP methods of the path. */
  preflight(request: IncomingHttpHeaders, methods: readonly string[]): Readonly<Record<string, string>>;
};

/** Returns whether an OPTIONS request is a CORS preflight (Fetch, "CORS-preflight request"). */
export function isPreflight(request: IncomingHttpHeaders): boolean {
  return request.origin !== undefined && request["access-control-request-method"] !== undefined;
}

/** Creates the policy. Throws if it allows credentials from every origin. */
export function createCors(options: CorsOptions): Cors {
  const { origins, credentials = false, exposedHeaders = [], maxAgeSeconds = 7_200 } = options;
  if (origins === "*" && credentials) {
    throw new Error("CORS: credentials require a list of origins, because * would trust every page");
  }
  const allowed = new Set(origins === "*" ? [] : origins);
  const exposed = exposedHeaders.join(", ");

  /** Returns the headers that allow a request, or undefined if its origin is not allowed. */
  const base = ({ origin }: IncomingHttpHeaders): Record<string, string> | undefined => {
    if (origins === "*") {
      return { "access-control-allow-origin": "*" };
    }
    return origin === undefined || !allowed.has(origin)
      ? undefined
      : {
          "access-control-allow-origin": origin,
          ...(credentials && { "access-control-allow-credentials": "true" }),
        };
  };

  return {
    headers(request) {
      const allow = base(request);
      return allow && exposed !== "" ? { ...allow, "access-control-expose-headers": exposed } : { ...allow };
    },
    preflight(request, methods) {
      const allow = base(request);
      if (allow === undefined) {
        return {};
      }
      const wanted = request["access-control-request-headers"];
      return {
        ...allow,
        "access-control-allow-methods": methods.join(", "),
        ...(wanted !== undefined && { "access-control-allow-headers": String(wanted) }),
        "access-control-max-age": String(maxAgeSeconds),
      };
    },
  };
}
