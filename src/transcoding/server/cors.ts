import type { IncomingHttpHeaders } from "node:http";

/** Which pages of other origins may call, as the Fetch standard has it. */
export type CorsOptions = {
  /** Origins such as `https://console.example.com`, or `*` for every one. */
  origins: readonly string[] | "*";
  /** Whether a browser may send cookies and the like. Never together with `*`. Defaults to false. */
  credentials?: boolean;
  /** Response headers that a page may read beside those it always may. */
  exposedHeaders?: readonly string[];
  /** How long a browser may keep the answer to a preflight, in seconds. Defaults to 7200. */
  maxAgeSeconds?: number;
};

/** Returns the response headers that let a page of the request's origin read the answer. */
export type Cors = {
  /** For an ordinary answer. */
  headers(request: IncomingHttpHeaders): Readonly<Record<string, string>>;
  /** For the answer to a preflight; `methods` are those that the path really has. */
  preflight(request: IncomingHttpHeaders, methods: readonly string[]): Readonly<Record<string, string>>;
};

/** Says whether an OPTIONS request is a browser asking before it calls (Fetch, "CORS-preflight request"). */
export function isPreflight(request: IncomingHttpHeaders): boolean {
  return request.origin !== undefined && request["access-control-request-method"] !== undefined;
}

/** Creates the policy. Throws if it would let every origin use a visitor's credentials. */
export function createCors(options: CorsOptions): Cors {
  const { origins, credentials = false, exposedHeaders = [], maxAgeSeconds = 7_200 } = options;
  if (origins === "*" && credentials) {
    throw new Error("CORS: credentials need a list of origins, for * would trust every page");
  }
  const allowed = new Set(origins === "*" ? [] : origins);

  const base = ({ origin }: IncomingHttpHeaders): Record<string, string> => {
    if (origins === "*") {
      return { "access-control-allow-origin": "*" };
    }
    if (origin === undefined || !allowed.has(origin)) {
      return {};
    }
    return {
      "access-control-allow-origin": origin,
      ...(credentials && { "access-control-allow-credentials": "true" }),
    };
  };

  return {
    headers(request) {
      const headers = base(request);
      const exposed = exposedHeaders.join(", ");
      return "access-control-allow-origin" in headers && exposed !== ""
        ? { ...headers, "access-control-expose-headers": exposed }
        : headers;
    },
    preflight(request, methods) {
      const headers = base(request);
      if (!("access-control-allow-origin" in headers)) {
        return {};
      }
      const wanted = request["access-control-request-headers"];
      return {
        ...headers,
        "access-control-allow-methods": methods.join(", "),
        ...(wanted !== undefined && { "access-control-allow-headers": String(wanted) }),
        "access-control-max-age": String(maxAgeSeconds),
      };
    },
  };
}
