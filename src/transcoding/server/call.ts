import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { writeErrorBody } from "../http/error-body.ts";
import { decodeSegments } from "../http/percent.ts";
import type { RequestTarget } from "../http/request-target.ts";
import type { RouteMatch } from "../http/route-tree.ts";
import { httpStatusOf } from "../http/status.ts";
import { parseTimeoutHeader } from "../http/timeout-header.ts";
import { checkDuplicateKeys, parseJsonDocument } from "../json/document.ts";
import { createViolationList } from "../json/violations.ts";
import { createRestContext, type RestContext } from "./context.ts";
import type { Refusal, Refusals } from "./errors.ts";
import { acceptsJson, chooseStreamFormat, isJson } from "./media-types.ts";
import { jsonType } from "./message-writer.ts";
import type { TranscodingOptions } from "./options.ts";
import { readBody } from "./read-body.ts";
import { headerFields, type ResponseFrame, respondContent, respondError } from "./response.ts";
import { createResponseStream, isGone, type StreamFormat } from "./response-stream.ts";
import type { RestRoute } from "./routes.ts";
import { readSystemParameters, type SystemParameters } from "./system-parameters.ts";

type Request = IncomingMessage | Http2ServerRequest;

/** Serves one call, from its route to the end of its answer. Never rejects. */
export type RestCall = (
  match: RouteMatch<RestRoute>,
  target: RequestTarget,
  request: Request,
  frame: ResponseFrame,
) => Promise<void>;

/** What a request says, read and found right. */
type Input = { readonly message: Message; readonly parameters: SystemParameters };

/** Creates the steps of a call: deadline, gate, body, message, implementation, answer. */
export function createRestCall(options: TranscodingOptions, refusals: Refusals, domain: string): RestCall {
  const limit = options.readMaxBytes ?? 1024 * 1024;
  const bodyTimeoutMs = options.bodyTimeoutMs ?? 30_000;
  const maxTimeoutMs = options.maxTimeoutMs ?? Number.POSITIVE_INFINITY;
  const onFailure = options.onFailure ?? ((cause, method) => console.error(`${method} failed`, cause));

  return async function call(match, target, request, frame) {
    const { route, captures } = match;
    try {
      const timeout = parseTimeoutHeader(request.headers);
      if ("fault" in timeout) {
        throw refused(refusals.malformed([{ field: "header", description: timeout.fault }]));
      }
      const context = createRestContext({
        method: route.method,
        request,
        response: frame.response,
        values: options.contextValues?.(request),
        pathFields: (name) => route.binder.pathField(captures, name),
        shutdownSignal: options.shutdownSignal,
        timeoutMs: timeout.timeoutMs === undefined ? undefined : Math.min(timeout.timeoutMs, maxTimeoutMs),
      });
      await options.requestGate?.(context);
      const format = formatOf(route, request);
      const input = await readInput(match, target, request);
      if (route.invoke.kind === "unary") {
        const output = await beforeDeadline(route.invoke.call(input.message, context), context);
        await respondContent(
          frame,
          route.write.write(output, input.parameters),
          context.touchedResponseHeader,
        );
      } else {
        await stream(
          route,
          route.invoke.call(input.message, context),
          input.parameters,
          context,
          frame,
          format,
        );
      }
    } catch (cause) {
      respondFailure(frame, cause, route);
    }
  };

  /** Decides how the answer is laid out; throws if the caller takes none of the ways. */
  function formatOf(route: RestRoute, request: Request): StreamFormat {
    const { accept } = request.headers;
    if (route.write.isRaw) {
      return "raw";
    }
    if (route.invoke.kind === "unary") {
      if (!acceptsJson(accept)) {
        throw refused(refusals.notAcceptable("application/json"));
      }
      return "json-array";
    }
    const format = chooseStreamFormat(accept);
    if (format === undefined) {
      throw refused(refusals.notAcceptable("application/json and application/x-ndjson"));
    }
    return format;
  }

  async function readInput(
    { route, captures }: RouteMatch<RestRoute>,
    { path, query }: RequestTarget,
    request: Request,
  ): Promise<Input> {
    const bytes = await readBytes(request);
    const isEmpty = bytes.length === 0;
    const contentType = request.headers["content-type"];
    if (!isEmpty && route.setRawBody === undefined && !isJson(contentType)) {
      throw refused(refusals.contentType("application/json"));
    }
    const document = isEmpty || route.setRawBody !== undefined ? undefined : parseJsonDocument(bytes);
    if (document !== undefined && "violations" in document) {
      throw refused(refusals.malformed(document.violations));
    }
    const violations = createViolationList();
    const parameters = readSystemParameters(query, route.method.output, violations);
    if (route.hasLooseWildcard && decodeSegments(path) === undefined) {
      violations.add("path", "must be percent-encoded UTF-8");
    }
    const bound = route.binder.bind({ captures, query, body: document?.json });
    const found =
      "violations" in bound
        ? [...violations.found, ...bound.violations]
        : [...violations.found, ...checkDuplicateKeys(document?.text ?? "", bound.keys)];
    if ("violations" in bound || found.length > 0) {
      throw refused(refusals.malformed(found));
    }
    if (!isEmpty) {
      route.setRawBody?.(bound.message, contentType ?? "", bytes);
    }
    return { message: bound.message, parameters };
  }

  async function readBytes(request: Request): Promise<Buffer> {
    const body = await readBody(request, limit, bodyTimeoutMs);
    if (!("refused" in body)) {
      return body.bytes;
    }
    switch (body.refused) {
      case "too-large":
        throw refused(refusals.tooLarge(limit));
      case "too-slow":
        throw refused(refusals.tooSlow(bodyTimeoutMs));
      case "unknown-encoding":
        throw refused(refusals.contentEncoding());
      case "broken-encoding":
        throw refused(refusals.malformed([{ field: "body", description: "does not decompress" }]));
    }
  }

  async function stream(
    route: RestRoute,
    messages: AsyncIterable<Message>,
    parameters: SystemParameters,
    context: RestContext,
    frame: ResponseFrame,
    format: StreamFormat,
  ): Promise<void> {
    const out = createResponseStream(frame.response, format, (contentType) =>
      headerFields(frame, contentType, context.touchedResponseHeader),
    );
    const iterator = messages[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await beforeDeadline(iterator.next(), context);
        if (next.done || isGone(frame.response)) {
          break;
        }
        await out.write(route.write.write(next.value, parameters));
      }
    } catch (cause) {
      if (!out.started) {
        throw cause;
      }
      if (format === "raw") {
        // There is no place for an error among raw bytes: a cut connection is the only way to say it.
        publicError(cause, route, frame);
        frame.response.destroy();
        return;
      }
      const error = publicError(cause, route, frame);
      const content = writeErrorBody(error, { httpStatus: httpStatusOf[error.code], domain });
      await out.write({ contentType: jsonType, content });
    } finally {
      void iterator.return?.().catch(() => undefined);
    }
    out.end();
  }

  function respondFailure(frame: ResponseFrame, cause: unknown, route: RestRoute): void {
    try {
      const init = cause instanceof Refused ? cause.refusal.init : {};
      respondError(frame, publicError(cause, route, frame), { domain, bodyPath: route.bodyPath, ...init });
    } catch (unwritable) {
      // The metadata of an error, say, may hold what no header can.
      onFailure(unwritable, route.method, frame.response.req);
      respondError(frame, refusals.serverFailure().error, { domain });
    }
  }

  /** Returns what the caller is told, and tells whoever listens. */
  function publicError(cause: unknown, route: RestRoute, { response: { req } }: ResponseFrame): ConnectError {
    const error = errorOf(cause, route, req);
    options.onError?.(error, req);
    return error;
  }

  function errorOf(cause: unknown, route: RestRoute, request: Request): ConnectError {
    if (cause instanceof Refused) {
      return cause.refusal.error;
    }
    if (cause instanceof ConnectError && cause.code !== Code.Internal && cause.code !== Code.Unknown) {
      return cause;
    }
    onFailure(cause, route.method, request);
    return refusals.serverFailure().error;
  }

  /** Settles as the promise does, or at the latest when the caller stops waiting. */
  function beforeDeadline<T>(promise: Promise<T>, context: RestContext): Promise<T> {
    const timeoutMs = context.timeoutMs();
    if (timeoutMs === undefined) {
      return promise;
    }
    const passed = Promise.withResolvers<never>();
    const expire = () => {
      context.expire();
      passed.reject(refused(refusals.deadlinePassed()));
    };
    const timer = setTimeout(expire, Math.max(0, timeoutMs));
    return Promise.race([promise, passed.promise]).finally(() => clearTimeout(timer));
  }
}

/** Carries a refusal of the library to the one place that answers. */
class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.error.rawMessage);
    this.refusal = refusal;
  }
}

function refused(refusal: Refusal): Refused {
  return new Refused(refusal);
}
