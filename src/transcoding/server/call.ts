import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { cancellationOf } from "../../contract/cancellation.ts";
import { writeErrorBody } from "../http/error-body.ts";
import type { RequestTarget } from "../http/request-target.ts";
import type { RouteMatch } from "../http/route-tree.ts";
import { httpStatusOf } from "../http/status.ts";
import { type ParsedTimeout, parseTimeoutHeader } from "../http/timeout-header.ts";
import { createRestContext, openStreamKey, type RestContext } from "./context.ts";
import { RestError, type RestErrors } from "./errors.ts";
import { acceptsJson, chooseStreamFormat } from "./media-types.ts";
import type { NodeRequest } from "./node-http.ts";
import type { TranscodingOptions } from "./options.ts";
import { createInputReader } from "./read-input.ts";
import {
  type ErrorResponseInit,
  headerFields,
  type ResponseFrame,
  respondContent,
  respondError,
} from "./response.ts";
import { createResponseStream, isGone, type StreamFormat } from "./response-stream.ts";
import type { RestRoute } from "./routes.ts";
import type { SystemParameters } from "./system-parameters.ts";

/** Serves one call, from its route to the end of its response. Never rejects. */
type RestCall = (
  match: RouteMatch<RestRoute>,
  target: RequestTarget,
  request: NodeRequest,
  frame: ResponseFrame,
) => Promise<void>;

/** Creates the function that runs the steps of a call: deadline, request gate, input, implementation, response. */
export function createRestCall(options: TranscodingOptions, errors: RestErrors, domain: string): RestCall {
  const readInput = createInputReader(
    errors,
    options.readMaxBytes ?? 1024 * 1024,
    options.bodyTimeoutMs ?? 30_000,
  );
  const maxTimeoutMs = options.maxTimeoutMs ?? Number.POSITIVE_INFINITY;
  const onFailure = options.onFailure ?? ((cause, method) => console.error(`${method} failed`, cause));

  return async function serveCall(match, target, request, frame) {
    const { route } = match;
    let context: RestContext | undefined;
    try {
      const timeout = parseTimeoutHeader(request.headers);
      context = contextOf(match, request, frame, timeout);
      await options.requestGate?.(context);
      if (route.invoke.kind === "none") {
        throw new ConnectError(route.invoke.problem, Code.Unimplemented);
      }
      if ("problem" in timeout) {
        throw errors.rejected({ violations: [{ field: "header", description: timeout.problem }] });
      }
      requireTimeLeft(context);
      const format = formatOf(route, request);
      const { message, parameters } = await readInput(match, target, request);
      requireTimeLeft(context);
      if (route.invoke.kind === "unary") {
        const output = await beforeDeadline(route.invoke.call(message, context), context);
        const content = route.write.write(output, parameters);
        await respondContent(frame, content, context.touchedResponseHeader);
      } else {
        const messages = route.invoke.call(message, context);
        await stream(route, messages, parameters, context, frame, format);
      }
    } catch (cause) {
      respondFailure(frame, cause, route, context);
    }
  };

  function contextOf(
    { route, captures }: RouteMatch<RestRoute>,
    request: NodeRequest,
    frame: ResponseFrame,
    timeout: ParsedTimeout,
  ): RestContext {
    const timeoutMs = "problem" in timeout ? undefined : timeout.timeoutMs;
    return createRestContext({
      method: route.method,
      request,
      response: frame.response,
      values: options.contextValues?.(request),
      binding: route.binding,
      pathFields: (name) => route.binder.pathField(captures, name),
      shutdownSignal: options.shutdownSignal,
      timeoutMs: timeoutMs === undefined ? undefined : Math.min(timeoutMs, maxTimeoutMs),
    });
  }

  /** Throws if the deadline has passed: the implementation must not run then. */
  function requireTimeLeft(context: RestContext): void {
    if ((context.timeoutMs() ?? 1) <= 0) {
      throw errors.deadlinePassed();
    }
  }

  /** Chooses the format of the response. Throws if the caller accepts none. */
  function formatOf(route: RestRoute, request: NodeRequest): StreamFormat {
    const { accept } = request.headers;
    if (route.write.isRaw) {
      return "raw";
    }
    if (route.invoke.kind === "unary") {
      if (!acceptsJson(accept)) {
        throw errors.notAcceptable("application/json");
      }
      return "json-array";
    }
    const format = chooseStreamFormat(accept);
    if (format === undefined) {
      throw errors.notAcceptable("application/json or application/x-ndjson");
    }
    return format;
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
    context.values.set(openStreamKey, out.open);
    const iterator = messages[Symbol.asyncIterator]();
    const isHead = frame.response.req.method === "HEAD";

    /** Sends the next message. Returns whether to continue; after the first message, HEAD has all it asked for. */
    async function sendNext(): Promise<boolean> {
      const next = await iterator.next();
      if (next.done || isGone(frame.response)) {
        return false;
      }
      await out.write(route.write.write(next.value, parameters));
      return !isHead;
    }

    try {
      while (await beforeDeadline(sendNext(), context)) {}
      out.end();
    } catch (cause) {
      if (!out.started) {
        throw cause;
      }
      const { error, init } = publicError(cause, route, frame, context);
      out.fail(
        writeErrorBody(error, { registry: frame.registry, ...init, httpStatus: httpStatusOf[error.code] }),
      );
    } finally {
      void iterator.return?.().catch(() => undefined);
    }
  }

  function respondFailure(
    frame: ResponseFrame,
    cause: unknown,
    route: RestRoute,
    context: RestContext | undefined,
  ): void {
    try {
      const { error, init } = publicError(cause, route, frame, context);
      respondError(frame, error, init);
    } catch (unwritable) {
      // For example, the metadata of an error contains a value that is not allowed in a header.
      onFailure(unwritable, route.method, frame.response.req);
      respondError(frame, errors.serverFailure().error, { domain });
    }
  }

  /** Returns the error that the caller receives and how it is written, and reports it to `onError`. */
  function publicError(
    cause: unknown,
    route: RestRoute,
    { response: { req } }: ResponseFrame,
    context: RestContext | undefined,
  ): { error: ConnectError; init: ErrorResponseInit } {
    const error = errorOf((context && cancellationOf(cause, context.signal)) ?? cause, route, req);
    const own = cause instanceof RestError ? cause.response : {};
    const init: ErrorResponseInit = { domain, bodyPath: route.bodyPath, ...own };
    options.onError?.(error, req, init.bodyPath);
    return { error, init };
  }

  function errorOf(cause: unknown, route: RestRoute, request: NodeRequest): ConnectError {
    if (cause instanceof RestError) {
      return cause.error;
    }
    if (cause instanceof ConnectError && cause.code !== Code.Internal && cause.code !== Code.Unknown) {
      return cause;
    }
    onFailure(cause, route.method, request);
    return errors.serverFailure().error;
  }

  /** Settles like the promise, or rejects when the deadline of the call passes. */
  function beforeDeadline<T>(promise: Promise<T>, context: RestContext): Promise<T> {
    const timeoutMs = context.timeoutMs();
    if (timeoutMs === undefined) {
      return promise;
    }
    const passed = Promise.withResolvers<never>();
    const expire = () => {
      // Before the signal, so that a handler that returns when it is aborted does not seem to be complete.
      passed.reject(errors.deadlinePassed());
      context.expire();
    };
    const timer = setTimeout(expire, Math.max(0, timeoutMs));
    return Promise.race([promise, passed.promise]).finally(() => clearTimeout(timer));
  }
}
