import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodStreaming,
  type DescMethodUnary,
  type JsonReadOptions,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextValues,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { runStreamingCall, runUnaryCall } from "@connectrpc/connect/protocol";
import { type HttpRules, httpBindingsOf } from "../http/rules.ts";
import type { AnswerReader } from "./answer-reader.ts";
import { type CallPlan, compileCallPlan } from "./call-plan.ts";
import { readMessage, readMessages } from "./response-reader.ts";
import { createSender } from "./send-request.ts";

export type RestTransportOptions = {
  /** Such as `https://mobiledataplansharing.googleapis.com`; a path in it goes before every route. */
  baseUrl: string;
  /** Applied around every call, the first one outermost. */
  interceptors?: Interceptor[];
  /** Time-out of calls that name none, in milliseconds. A stream must end within it, too. */
  defaultTimeoutMs?: number;
  /** Defaults to the platform's. */
  fetch?: typeof globalThis.fetch;
  /** Largest response, or message of a stream, in decompressed bytes. Defaults to 16 MiB. */
  readMaxBytes?: number;
  /** `registry`: types that an Any may hold. `ignoreUnknownFields` defaults to true: servers may be newer. */
  jsonOptions?: Partial<Pick<JsonReadOptions, "ignoreUnknownFields" | "registry">>;
  /** Rules that replace the annotations of the methods that they select. */
  rules?: HttpRules;
};

/** Longest time-out that setTimeout keeps; beyond it, it fires at once. */
const longestTimeoutMs = 0x7fffffff;

/**
 * Creates a transport that calls methods by their google.api.http rules, so that any client of Connect can talk to
 * a REST API of Google's kind, from Node and from browsers.
 *
 * ```ts
 * const client = createClient(LibraryService, createRestTransport({ baseUrl: "https://library.example.com" }));
 * for await (const book of client.readBooks({ parent: "shelves/1" }, { signal })) { … }
 * ```
 *
 * Unary and server-streaming methods; the others raise UNIMPLEMENTED. It never repeats a call by itself and follows
 * no redirect. Calls reject with ConnectError: the server's own; DEADLINE_EXCEEDED and CANCELED; UNAVAILABLE if the
 * server cannot be reached or the connection breaks; INVALID_ARGUMENT for a message that fits no rule, before any
 * I/O; RESOURCE_EXHAUSTED for a response that is too large; INTERNAL for one that cannot be read; DATA_LOSS for a
 * stream that ends in the middle. Who stops reading a stream aborts its signal, as with all of Connect's clients.
 */
export function createRestTransport(options: RestTransportOptions): Transport {
  const { interceptors = [], rules = [], readMaxBytes = 16 * 1024 * 1024 } = options;
  const send = createSender(options.baseUrl, options.fetch ?? globalThis.fetch);
  const baseUrl = options.baseUrl.replace(/\/+$/, "");
  const plans = new Map<DescMethod, CallPlan>();

  function planOf(method: DescMethod): CallPlan {
    const known = plans.get(method);
    if (known !== undefined) {
      return known;
    }
    const plan = compile(method, rules, { ignoreUnknownFields: true, ...options.jsonOptions });
    plans.set(method, plan);
    return plan;
  }

  function callOf<I extends DescMessage, O extends DescMessage>(
    method: DescMethod & { input: I; output: O },
    plan: CallPlan,
    [signal, timeoutMs, header, contextValues]: CallArguments,
  ) {
    // Connect's CallOptions: zero or less is for as long as it takes, whatever the default.
    const timeout =
      timeoutMs === undefined ? options.defaultTimeoutMs : timeoutMs > 0 ? timeoutMs : undefined;
    const headers = new Headers(header);
    if (timeout !== undefined) {
      headers.set("x-server-timeout", secondsText(timeout));
    }
    return {
      limits: {
        interceptors,
        ...(signal && { signal }),
        ...(timeout !== undefined && timeout <= longestTimeoutMs && { timeoutMs: timeout }),
      },
      request: {
        service: method.parent,
        requestMethod: plan.httpMethod,
        url: `${baseUrl}/${method.parent.typeName}/${method.name}`,
        header: headers,
        contextValues: contextValues ?? createContextValues(),
      },
    };
  }

  return {
    async unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeadersInit | undefined,
      input: MessageInitShape<I>,
      contextValues: CallArguments[3],
    ) {
      const plan = planOf(method);
      const call = callOf(method, plan, [signal, timeoutMs, header, contextValues]);
      return runUnaryCall<I, O>({
        ...call.limits,
        req: { ...call.request, stream: false, method, message: create(method.input, input) },
        next: async (request) => {
          const { request: expanded, reader } = plan.expand(request.message);
          const read = (response: Response) => readMessage(response, reader, readMaxBytes);
          const { headers, result } = await send(expanded, request, acceptOf(reader, false), read);
          return {
            stream: false,
            service: method.parent,
            method,
            header: headers,
            trailer: new Headers(),
            message: result as MessageShape<O>,
          };
        },
      });
    },

    async stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodStreaming<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeadersInit | undefined,
      input: AsyncIterable<MessageInitShape<I>>,
      contextValues: CallArguments[3],
    ) {
      if (method.methodKind !== "server_streaming") {
        const text = `${method} cannot be called over REST: a request is one message, and this method streams them`;
        throw new ConnectError(text, Code.Unimplemented);
      }
      const plan = planOf(method);
      const call = callOf(method, plan, [signal, timeoutMs, header, contextValues]);
      return runStreamingCall<I, O>({
        ...call.limits,
        req: { ...call.request, stream: true, method, message: input },
        next: async (request) => {
          const { request: expanded, reader } = plan.expand(await onlyMessage(request.message));
          const read = async (response: Response, mend: Mend) =>
            mended(readMessages(response, reader, readMaxBytes), mend);
          const { headers, result } = await send(expanded, request, acceptOf(reader, true), read);
          return {
            stream: true,
            service: method.parent,
            method,
            header: headers,
            trailer: new Headers(),
            message: result as AsyncIterable<MessageShape<O>>,
          };
        },
      });
    },
  };
}

type CallArguments = [
  signal: AbortSignal | undefined,
  timeoutMs: number | undefined,
  header: HeadersInit | undefined,
  contextValues: Parameters<Transport["unary"]>[5],
];

type HeadersInit = ConstructorParameters<typeof Headers>[0];

/** Google's header has seconds with a fraction; nine digits are more than anybody waits, and never an exponent. */
function secondsText(timeoutMs: number): string {
  return String(Math.min(Math.max(1, Math.ceil(timeoutMs)), 999_999_999_000) / 1000);
}

/** Turns what fetch raises into a ConnectError. */
type Mend = (cause: unknown) => ConnectError;

function compile(method: DescMethod, rules: HttpRules, options: Partial<JsonReadOptions>): CallPlan {
  try {
    const bindings = httpBindingsOf(method.parent, rules).filter((binding) => binding.method === method);
    return compileCallPlan(method, bindings, options);
  } catch (cause) {
    throw ConnectError.from(cause, Code.Internal);
  }
}

/** A server must not take the first best of several formats where only one can be read. */
function acceptOf({ kind }: AnswerReader, stream: boolean): string {
  const json = stream ? "application/json, application/x-ndjson;q=0.5" : "application/json";
  return kind === "raw" ? "*/*" : json;
}

async function onlyMessage<T extends Message>(messages: AsyncIterable<T>): Promise<T> {
  let only: T | undefined;
  for await (const message of messages) {
    if (only !== undefined) {
      throw new ConnectError(
        "a server-streaming call has one request message, not several",
        Code.InvalidArgument,
      );
    }
    only = message;
  }
  if (only === undefined) {
    throw new ConnectError("a server-streaming call has one request message, not none", Code.InvalidArgument);
  }
  return only;
}

async function* mended(messages: AsyncIterable<Message>, mend: Mend): AsyncGenerator<Message> {
  try {
    yield* messages;
  } catch (cause) {
    throw mend(cause);
  }
}
