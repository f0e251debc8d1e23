import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { cancellationOf } from "../../../contract/cancellation.ts";
import { type ParsedTimeout, parseTimeoutHeader } from "../../http/timeout-header.ts";
import type { NodeRequest } from "../node-http.ts";
import { type CallContext, createCallContext } from "./context.ts";
import { CallError, type CallErrors } from "./errors.ts";
import type { Call, CallOptions, Wire } from "./wire.ts";

/** The steps that all calls take, whatever their protocol. */
export type CallServer = {
  /** Serves one call, from its route to the end of its answer. Never rejects. */
  serve<Output>(call: Call<Output>): Promise<void>;
  /** Settles like the output, or rejects when the deadline of the call passes. */
  beforeDeadline<T>(output: T | Promise<T>, context: CallContext): T | Promise<T>;
  /** Returns the error that the caller receives instead of what was thrown, and reports it. */
  publicError(cause: unknown, call: Failed): CallError;
};

/** What is known of a call that has failed. */
type Failed = Pick<Call<never>, "method" | "request"> & {
  readonly wire: Pick<Wire<never>, "bodyPath">;
  /** Undefined if it could not be created. */
  readonly context: CallContext | undefined;
};

/** Creates the steps of calls. */
export function createCallServer(options: CallOptions, errors: CallErrors): CallServer {
  const { requestGate, maxTimeoutMs = Number.POSITIVE_INFINITY, isFailure = isUnexpected } = options;
  const onFailure = options.onFailure ?? ((cause, method) => console.error(`${method} failed`, cause));
  return { serve, beforeDeadline, publicError };

  async function serve<Output>(call: Call<Output>): Promise<void> {
    const { wire, request } = call;
    let context: CallContext | undefined;
    try {
      const timeout = parseTimeoutHeader(request.headers);
      context = contextOf(call, timeout);
      // Here and below, what is done at once is not awaited: that would take longer than many a step itself.
      const checked = requestGate?.(context);
      if (checked !== undefined) {
        await checked;
      }
      requireValid(timeout);
      requireTimeLeft(context);
      wire.check();
      const message = await wire.read();
      requireTimeLeft(context);
      const output = await beforeDeadline(call.invoke(message, context), context);
      const answering = wire.answer(output, context);
      if (answering !== undefined) {
        await answering;
      }
      context.end();
    } catch (cause) {
      await fail(cause, call, context);
    }
  }

  function contextOf<Output>(call: Call<Output>, timeout: ParsedTimeout): CallContext {
    const timeoutMs = "problem" in timeout ? undefined : timeout.timeoutMs;
    const { method, wire, request, response } = call;
    return createCallContext({
      method,
      wire,
      request,
      response,
      values: options.contextValues?.(call.request),
      shutdownSignal: options.shutdownSignal,
      timeoutMs: timeoutMs === undefined ? undefined : Math.min(timeoutMs, maxTimeoutMs),
      errors,
    });
  }

  function requireValid(timeout: ParsedTimeout): void {
    if ("problem" in timeout) {
      throw errors.rejected({ violations: [{ field: "header", description: timeout.problem }] });
    }
  }

  /** Throws if the deadline has passed: the implementation must not run then. */
  function requireTimeLeft(context: CallContext): void {
    if ((context.timeoutMs() ?? 1) <= 0) {
      throw errors.deadlinePassed();
    }
  }

  function beforeDeadline<T>(output: T | Promise<T>, context: CallContext): T | Promise<T> {
    const timeoutMs = context.timeoutMs();
    if (timeoutMs === undefined) {
      return output;
    }
    const passed = Promise.withResolvers<never>();
    const expire = () => {
      // Before the signal, so that a handler that returns when it is aborted does not seem to be complete.
      passed.reject(errors.deadlinePassed());
      context.expire();
    };
    const timer = setTimeout(expire, Math.max(0, timeoutMs));
    return Promise.race([output, passed.promise]).finally(() => clearTimeout(timer));
  }

  /** Answers with an error; with that of a failure if it cannot be written. */
  async function fail<Output>(
    cause: unknown,
    call: Call<Output>,
    context: CallContext | undefined,
  ): Promise<void> {
    const { error, response } = publicError(cause, { ...call, context });
    // With what was thrown, as in connect-es.
    context?.end(cause);
    try {
      await call.wire.fail(error, response, context);
    } catch (unwritable) {
      // For example, the metadata of an error contains a value that is not allowed in a header.
      onFailure(unwritable, call.method, call.request);
      await call.wire.fail(errors.serverFailure().error, {}, undefined);
    }
  }

  /** Returns an error as it is sent. The details of a failure are for the log. */
  function sentError(cause: unknown, method: DescMethod, request: NodeRequest): CallError {
    if (cause instanceof CallError) {
      return cause;
    }
    if (!isFailure(cause)) {
      return new CallError(cause as ConnectError, {});
    }
    onFailure(cause, method, request);
    return errors.serverFailure();
  }

  function publicError(cause: unknown, { method, request, wire, context }: Failed): CallError {
    const touchedSignal = context?.touchedSignal;
    const cancelled = touchedSignal && cancellationOf(cause, touchedSignal);
    const { error, response } = sentError(cancelled ?? cause, method, request);
    const init = { bodyPath: wire.bodyPath, ...response };
    options.onError?.(error, request, init.bodyPath);
    return new CallError(error, init);
  }
}

/** Callers see no details of these by default. */
function isUnexpected(error: unknown): boolean {
  return !(error instanceof ConnectError) || error.code === Code.Internal || error.code === Code.Unknown;
}
