import {
  create,
  type DescMethod,
  type JsonReadOptions,
  type Message,
  type MessageShape,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextValues,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { runStreamingCall, runUnaryCall } from "@connectrpc/connect/protocol";
import type { Codecs } from "../../codec/index.ts";
import { type HttpRules, httpBindingsOfMethod, requestStreamProblem } from "../http/rules.ts";
import { typesWith } from "../http/types.ts";
import { type CallPlan, compileCallPlan } from "./call-plan.ts";
import type { MessageParser } from "./message-parser.ts";
import { readMessage, readMessages } from "./read-response.ts";
import { createSender, type ErrorConverter } from "./send-request.ts";

export type RestTransportOptions = {
  /**
   * URL of the server, such as `https://library.example.com`. Its path precedes every route. In browsers, a path alone is
   * one of the server of the page; `/` precedes every route with nothing.
   */
  baseUrl: string;
  /** Interceptors of all calls; the first is the outermost. */
  interceptors?: Interceptor[];
  /** Default timeout of calls, in milliseconds. A stream must end within it as well. */
  defaultTimeoutMs?: number;
  /** Defaults to the platform's `fetch`. */
  fetch?: typeof globalThis.fetch;
  /** Largest response or stream message, and bytes of a stream that are read ahead. Decompressed; defaults to 16 MiB. */
  readMaxBytes?: number;
  /**
   * `registry`: types that an Any and the details of errors may contain, besides the well-known types and
   * google/rpc/error_details.proto, such as `createRegistry(file_acme_quota_v1)`. `ignoreUnknownFields` defaults to true,
   * since servers may be newer.
   */
  jsonOptions?: Partial<Pick<JsonReadOptions, "ignoreUnknownFields" | "registry">>;
  /** Rules that replace the annotations of the methods that they select. */
  rules?: HttpRules;
  /** Generated codecs of messages, such as `createCodecs(codecs_acme_library_v1_library)`. */
  codecs?: Codecs;
};

/** Longest delay of setTimeout. It fires at once for longer ones. */
const longestTimeoutMs = 0x7fffffff;

/**
 * Creates a transport that calls methods by their google.api.http rules. Connect clients can use it to call REST APIs of
 * Google's kind, from Node and from browsers.
 *
 * ```ts
 * const client = createClient(LibraryService, createRestTransport({ baseUrl: "https://library.example.com" }));
 * for await (const book of client.readBooks({ parent: "shelves/1" }, { signal })) { … }
 * ```
 *
 * It supports unary and server-streaming methods; others raise UNIMPLEMENTED. It never retries and follows no redirects.
 * Calls reject with a ConnectError: that of the server; DEADLINE_EXCEEDED or CANCELED; UNAVAILABLE if the server cannot
 * be reached or the connection breaks; INVALID_ARGUMENT, before any I/O, for a message that fits no rule;
 * RESOURCE_EXHAUSTED for a response that is too large; INTERNAL for one that cannot be read; DATA_LOSS for a stream whose
 * response is complete but its array is not. To stop reading a stream, abort its signal.
 *
 * Throws if `baseUrl` begins with neither `https://`, `http://` nor `/`.
 */
export function createRestTransport(options: RestTransportOptions): Transport {
  const { interceptors = [], rules = [], readMaxBytes = 16 * 1024 * 1024 } = options;
  const registry = typesWith(options.jsonOptions?.registry);
  const jsonOptions = {
    ignoreUnknownFields: true,
    ...options.jsonOptions,
    registry,
    codecs: options.codecs,
  };
  // Also `localhost:8080`, which is a URL with the scheme "localhost". Browsers would take `127.0.0.1:8080` for a path.
  if (!/^(https?:\/\/|\/)/i.test(options.baseUrl)) {
    throw new Error(`baseUrl "${options.baseUrl}": must begin with https:// or http://`);
  }
  const baseUrl = options.baseUrl.replace(/\/+$/, "");
  const send = createSender(baseUrl, options.fetch ?? globalThis.fetch, registry);
  const plans = new Map<DescMethod, CallPlan>();

  function planOf(method: DescMethod): CallPlan {
    const known = plans.get(method);
    if (known !== undefined) {
      return known;
    }
    try {
      const bindings = httpBindingsOfMethod(method, rules);
      const plan = compileCallPlan(method, bindings, jsonOptions);
      plans.set(method, plan);
      return plan;
    } catch (cause) {
      throw ConnectError.from(cause, Code.Internal);
    }
  }

  function callOf(
    { parent, name }: DescMethod,
    plan: CallPlan,
    [signal, timeoutMs, header, contextValues]: CallArguments,
  ) {
    // Connect's CallOptions: zero or less means no timeout, even if there is a default.
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
        service: parent,
        requestMethod: plan.httpMethod,
        url: `${baseUrl}/${parent.typeName}/${name}`,
        header: headers,
        contextValues: contextValues ?? createContextValues(),
      },
    };
  }

  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      const plan = planOf(method);
      const call = callOf(method, plan, [signal, timeoutMs, header, contextValues]);
      return runUnaryCall({
        ...call.limits,
        req: { ...call.request, stream: false, method, message: create(method.input, input) },
        next: async (request) => {
          const { request: expanded, parser } = plan.expand(request.message);
          const read = (response: Response) => readMessage(response, parser, readMaxBytes);
          const { headers, result } = await send(expanded, request, acceptOf(parser, false), read);
          return {
            stream: false,
            service: method.parent,
            method,
            header: headers,
            trailer: new Headers(),
            message: result as MessageShape<typeof method.output>,
          };
        },
      });
    },

    async stream(method, signal, timeoutMs, header, input, contextValues) {
      const problem = requestStreamProblem(method);
      if (problem !== undefined) {
        throw new ConnectError(problem, Code.Unimplemented);
      }
      const plan = planOf(method);
      const call = callOf(method, plan, [signal, timeoutMs, header, contextValues]);
      if (!call.request.header.has("accept-encoding")) {
        // Decompression lags behind: a broken connection would take the error of the server with it.
        call.request.header.set("accept-encoding", "identity");
      }
      return runStreamingCall({
        ...call.limits,
        req: { ...call.request, stream: true, method, message: input },
        next: async (request) => {
          const { request: expanded, parser } = plan.expand(await onlyMessage(request.message));
          const read = async (response: Response, toConnectError: ErrorConverter) =>
            withConnectErrors(
              readMessages(response, parser, readMaxBytes, registry),
              toConnectError,
              request.signal,
            );
          const { headers, result } = await send(expanded, request, acceptOf(parser, true), read);
          return {
            stream: true,
            service: method.parent,
            method,
            header: headers,
            trailer: new Headers(),
            message: result as AsyncIterable<MessageShape<typeof method.output>>,
          };
        },
      });
    },
  };
}

type CallArguments = [
  signal: AbortSignal | undefined,
  timeoutMs: number | undefined,
  header: ConstructorParameters<typeof Headers>[0],
  contextValues: ContextValues | undefined,
];

/** Returns the value of Google's timeout header: seconds with a fraction, at most nine digits, no exponent. */
function secondsText(timeoutMs: number): string {
  return String(Math.min(Math.max(1, Math.ceil(timeoutMs)), 999_999_999_000) / 1000);
}

/** Returns the Accept header for the formats that the parser can read. */
function acceptOf({ kind }: MessageParser, stream: boolean): string {
  const json = stream ? "application/json, application/x-ndjson;q=0.5" : "application/json";
  return kind === "raw" ? "*/*" : json;
}

async function onlyMessage<T extends Message>(messages: AsyncIterable<T>): Promise<T> {
  let only: T | undefined;
  for await (const message of messages) {
    if (only !== undefined) {
      const text = "a server-streaming call has one request message, not several";
      throw new ConnectError(text, Code.InvalidArgument);
    }
    only = message;
  }
  if (only === undefined) {
    throw new ConnectError("a server-streaming call has one request message, not zero", Code.InvalidArgument);
  }
  return only;
}

async function* withConnectErrors(
  messages: AsyncIterable<Message>,
  toConnectError: ErrorConverter,
  signal: AbortSignal,
): AsyncGenerator<Message> {
  try {
    for await (const message of messages) {
      // Nothing that was read ahead follows the end of a call.
      signal.throwIfAborted();
      yield message;
    }
  } catch (cause) {
    throw toConnectError(cause);
  }
}
