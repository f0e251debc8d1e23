import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { ConnectError, ContextValues, HandlerContext } from "@connectrpc/connect";
import type { NodeRequest, NodeResponse } from "../node-http.ts";
import type { ErrorResponseInit } from "../response.ts";
import type { CallContext, WireContext } from "./context.ts";

/**
 * How a protocol puts one call into HTTP: everything in which protocols differ. `Output` is a message, or the messages of a
 * stream.
 */
export type Wire<Output> = WireContext & {
  /** Path that answers leave out of the violations and the message of an error; see `TranscodingOptions.onError`. */
  readonly bodyPath?: string | undefined;
  /** Throws if the header rejects the request. Called once its caller may call, before the body is read. */
  check(): void;
  /** Reads the body as the request message. Throws if it is malformed. */
  read(): Promise<Message>;
  /** Answers with the output of the implementation. */
  answer(output: Output, context: CallContext): void | Promise<void>;
  /**
   * Answers with an error, unless an answer has begun. Throws if the error cannot be written. `context` is undefined if there
   * is none, or if what it has must not be used.
   */
  fail(
    error: ConnectError,
    init: Partial<ErrorResponseInit>,
    context: CallContext | undefined,
  ): void | Promise<void>;
};

/** A call whose method is known. */
export type Call<Output> = {
  readonly method: DescMethod;
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  readonly wire: Wire<Output>;
  readonly invoke: (message: Message, context: HandlerContext) => Output | Promise<Output>;
};

export type CallOptions = {
  /** Runs before the body is read. Rejects a call by throwing a ConnectError. */
  requestGate?: ((context: HandlerContext) => void | Promise<void>) | undefined;
  contextValues?: ((request: NodeRequest) => ContextValues) | undefined;
  /** Upper bound of the timeout that callers request, in milliseconds. Defaults to none. */
  maxTimeoutMs?: number | undefined;
  /** Aborts the signals of running calls. */
  shutdownSignal?: AbortSignal | undefined;
  /**
   * Called with each error that a caller receives, including those that this library raises. Answers leave `bodyPath`, the
   * path of the field that is the body, out of its violations and its message: the caller did not write it.
   */
  onError?: ((error: ConnectError, request: NodeRequest, bodyPath: string | undefined) => void) | undefined;
  /**
   * Returns whether what was thrown means that the server failed: callers see no details of it. Defaults to anything but a
   * ConnectError, and the codes INTERNAL and UNKNOWN.
   */
  isFailure?: ((error: unknown) => boolean) | undefined;
  /** Called with the cause of each internal error; callers receive no details of it. Defaults to console.error. */
  onFailure?: ((cause: unknown, method: DescMethod, request: NodeRequest) => void) | undefined;
};
