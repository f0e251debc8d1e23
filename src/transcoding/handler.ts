import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type ContextValues,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import { malformedRequest, type TranscodingErrorInit, transcodingError } from "./error-body.ts";
import { type JsonDocument, parseDocument, refuseDuplicateKeys } from "./json-document.ts";
import { acceptsJson, isJson } from "./media-types.ts";
import { decodeSegments } from "./percent.ts";
import { acceptedEncodings, readBody } from "./read-body.ts";
import type { BindOptions } from "./request-binder.ts";
import { parseRequestTarget, type RequestTarget } from "./request-target.ts";
import { createRestContext } from "./rest-context.ts";
import { type ErrorResponseInit, respondError, respondMessage } from "./rest-response.ts";
import { compileRestRoutes, type RestRoute } from "./rest-routes.ts";
import type { RouteMatch } from "./route-tree.ts";
import type { FieldViolation } from "./violations.ts";

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/** A request listener for node:http and node:http2. It answers every request, unknown paths with 404. */
export type TranscodingHandler = (request: Request, response: Response) => void;

export type TranscodingOptions = BindOptions & {
  /** Registers the services; the same function that connectNodeAdapter takes. */
  routes: (router: ConnectRouter) => void;
  /** Applied around every call, the first one outermost, as on the RPC protocols. */
  interceptors?: Interceptor[];
  /** Runs before the body is read, as on the RPC protocols; refuses by throwing a ConnectError. */
  requestGate?: (context: HandlerContext) => void | Promise<void>;
  /** Creates the context values of a request. */
  contextValues?: (request: Request) => ContextValues;
  /** Largest request body, in decompressed bytes. Defaults to 1 MiB. */
  readMaxBytes?: number;
  /** Longest request target, in characters. Defaults to 8192. */
  maxTargetLength?: number;
  /** `ErrorInfo.domain` of the errors that the library itself raises. */
  errorDomain?: string;
  /** Aborts the signals of running calls. */
  shutdownSignal?: AbortSignal;
  /** Is told what went wrong inside; the caller is only told that something did. Defaults to console.error. */
  onFailure?: (cause: unknown, method: RestRoute["method"]) => void;
};

/** Raised inside the handler where the HTTP status says more than the code of the error. */
type Refusal = { readonly error: ConnectError; readonly init?: Partial<ErrorResponseInit> };

/**
 * Creates the handler that serves methods by their google.api.http rules, next to connect-node on the same
 * implementations. Throws at once when a rule is wrong or two rules clash.
 */
export function createTranscodingHandler(options: TranscodingOptions): TranscodingHandler {
  const tree = compileRestRoutes(options.routes, options.interceptors ?? [], options);
  const domain = options.errorDomain ?? "transcoding";
  const limit = options.readMaxBytes ?? 1024 * 1024;
  const longestTarget = options.maxTargetLength ?? 8192;
  const onFailure = options.onFailure ?? ((cause, method) => console.error(`${method} failed`, cause));

  const refusal = (
    code: Code,
    message: string,
    init: Omit<TranscodingErrorInit, "domain">,
    response?: Partial<ErrorResponseInit>,
  ): Refusal => ({
    error: transcodingError(code, message, { ...init, domain }),
    ...(response && { init: response }),
  });

  return function handle(request, response) {
    const target = request.url ?? "";
    if (target.length > longestTarget) {
      const message = `the request target must not be longer than ${longestTarget} characters`;
      const refused = refusal(Code.InvalidArgument, message, { reason: "REQUEST_MALFORMED" });
      respondError(response, refused.error, { domain, httpStatus: 414, close: true });
      return;
    }
    const { path, query } = parseRequestTarget(target);
    const found = tree.match(request.method ?? "", path);
    if (found === undefined) {
      const { error } = refusal(Code.NotFound, "no method has this path", { reason: "ROUTE_NOT_FOUND" });
      respondError(response, error, { domain });
    } else if ("allowed" in found) {
      const allow = found.allowed.join(", ");
      const message = `this path takes ${allow}, not ${request.method}`;
      const { error } = refusal(Code.Unimplemented, message, { reason: "METHOD_NOT_ALLOWED" });
      respondError(response, error, { domain, httpStatus: 405, headers: { allow } });
    } else {
      void serve(found, { path, query }, request, response);
    }
  };

  async function serve(
    { route, captures }: RouteMatch<RestRoute>,
    { path, query }: RequestTarget,
    request: Request,
    response: Response,
  ): Promise<void> {
    try {
      const context = createRestContext({
        method: route.method,
        request,
        response,
        values: options.contextValues?.(request),
        pathFields: (name) => route.binder.pathField(captures, name),
        shutdownSignal: options.shutdownSignal,
      });
      await options.requestGate?.(context);
      const body = await readJson(request);
      if ("error" in body) {
        respondError(response, body.error, { domain, ...body.init });
        return;
      }
      const bound = route.binder.bind({ captures, query, body: body.json });
      const violations =
        "violations" in bound
          ? bound.violations
          : [...refuseBrokenEscapes(path), ...refuseDuplicateKeys(body.text, bound.keys)];
      if ("violations" in bound || violations.length > 0) {
        // Without bodyPath: these paths are the caller's already.
        respondError(response, malformedRequest(domain, violations), { domain });
        return;
      }
      const output = await route.invoke(bound.message, context);
      respondMessage(response, route.method.output, output, context.touchedResponseHeader);
    } catch (cause) {
      respondFailure(response, cause, route);
    }
  }

  function respondFailure(response: Response, cause: unknown, route: RestRoute): void {
    try {
      respondError(response, publicError(cause, route), { domain, bodyPath: route.bodyPath });
    } catch (unwritable) {
      // The metadata of an error, say, may hold what no header can.
      respondError(response, serverFailure(unwritable, route), { domain });
    }
  }

  async function readJson(request: Request): Promise<JsonDocument | Refusal> {
    if (!acceptsJson(request.headers.accept)) {
      const message = "only application/json can be answered";
      return refusal(
        Code.InvalidArgument,
        message,
        { reason: "RESPONSE_NOT_ACCEPTABLE" },
        { httpStatus: 406 },
      );
    }
    const body = await readBody(request, limit);
    if ("refused" in body) {
      switch (body.refused) {
        case "too-large":
          return refusal(
            Code.ResourceExhausted,
            `the request body must not be larger than ${limit} bytes`,
            { reason: "REQUEST_TOO_LARGE", metadata: { maxBytes: String(limit) } },
            { httpStatus: 413, close: true },
          );
        case "unknown-encoding":
          return refusal(
            Code.InvalidArgument,
            `the content encoding must be one of ${acceptedEncodings}`,
            { reason: "CONTENT_TYPE_UNSUPPORTED" },
            { httpStatus: 415, headers: { "accept-encoding": acceptedEncodings }, close: true },
          );
        case "broken-encoding":
          return { error: malformedRequest(domain, [{ field: "body", description: "does not decompress" }]) };
      }
    }
    if (body.bytes.length === 0) {
      return { json: undefined, text: "" };
    }
    if (!isJson(request.headers["content-type"])) {
      const message = "the content type must be application/json";
      return refusal(
        Code.InvalidArgument,
        message,
        { reason: "CONTENT_TYPE_UNSUPPORTED" },
        { httpStatus: 415 },
      );
    }
    const document = parseDocument(body.bytes);
    return "violations" in document ? { error: malformedRequest(domain, document.violations) } : document;
  }

  function publicError(cause: unknown, route: RestRoute): ConnectError {
    if (cause instanceof ConnectError && cause.code !== Code.Internal && cause.code !== Code.Unknown) {
      return cause;
    }
    return serverFailure(cause, route);
  }

  function serverFailure(cause: unknown, route: RestRoute): ConnectError {
    onFailure(cause, route.method);
    return transcodingError(Code.Internal, "the server failed", { reason: "SERVER_FAILURE", domain });
  }
}

/** Variables were decoded one by one; here it is the segments that no variable captured. */
function refuseBrokenEscapes(path: string): readonly FieldViolation[] {
  return path.includes("%") && decodeSegments(path) === undefined
    ? [{ field: "path", description: "must be percent-encoded UTF-8" }]
    : [];
}
