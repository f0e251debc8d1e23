import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
  fromJsonString,
  type Message,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextValues,
  type Interceptor,
  type Transport,
  type UnaryResponse,
} from "@connectrpc/connect";
import { runUnaryCall } from "@connectrpc/connect/protocol";
import { readErrorBody } from "./error-body.ts";
import { type ExpandedRequest, expandRequest } from "./expand-request.ts";
import { type HttpBinding, httpBindingsOf } from "./http-rules.ts";

export type RestTransportOptions = {
  /** Such as `https://mobiledataplansharing.googleapis.com`; a path in it goes before every route. */
  baseUrl: string;
  /** Applied around every call, the first one outermost. */
  interceptors?: Interceptor[];
  /** Time-out of calls that name none, in milliseconds. */
  defaultTimeoutMs?: number;
  /** Defaults to the platform's. */
  fetch?: typeof globalThis.fetch;
};

/**
 * Creates a transport that calls methods by their google.api.http rules, so that any client of Connect can talk
 * to a REST API of Google's kind. Unary methods only. It never repeats a call by itself.
 */
export function createRestTransport(options: RestTransportOptions): Transport {
  const send = options.fetch ?? globalThis.fetch;
  const baseUrl = options.baseUrl.replace(/\/+$/, "");
  const bindings = new Map<DescMethod, readonly HttpBinding[]>();

  const bindingsOf = (method: DescMethod): readonly HttpBinding[] => {
    const known =
      bindings.get(method) ?? httpBindingsOf(method.parent).filter((binding) => binding.method === method);
    bindings.set(method, known);
    return known;
  };

  return {
    async unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: ConstructorParameters<typeof Headers>[0],
      input: MessageInitShape<I>,
      contextValues: Parameters<Transport["unary"]>[5],
    ): Promise<UnaryResponse<I, O>> {
      const timeout = timeoutMs ?? options.defaultTimeoutMs;
      return runUnaryCall<I, O>({
        interceptors: options.interceptors ?? [],
        ...(signal && { signal }),
        ...(timeout !== undefined && { timeoutMs: timeout }),
        req: {
          stream: false,
          service: method.parent,
          method,
          requestMethod: bindingsOf(method)[0]?.httpMethod ?? "POST",
          url: `${baseUrl}/${method.parent.typeName}/${method.name}`,
          header: new Headers(header),
          contextValues: contextValues ?? createContextValues(),
          message: create(method.input, input),
        },
        next: async (request) => {
          const expanded = expandFirst(bindingsOf(method), request.message);
          if (expanded.body !== undefined) {
            request.header.set("content-type", "application/json");
          }
          if (timeout !== undefined) {
            request.header.set("x-server-timeout", String(timeout / 1000));
          }
          const response = await call(expanded, request.header, request.signal);
          return {
            stream: false,
            service: method.parent,
            method,
            header: response.headers,
            trailer: new Headers(),
            message: readMessage(method.output, response.text),
          };
        },
      });
    },

    stream(method) {
      throw new ConnectError(`${method} cannot be called over REST: it streams`, Code.Unimplemented);
    },
  };

  async function call(request: ExpandedRequest, header: Headers, signal: AbortSignal) {
    const url = `${baseUrl}${request.path}${request.query === "" ? "" : `?${request.query}`}`;
    try {
      const response = await send(url, {
        method: request.httpMethod,
        headers: header,
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal,
        redirect: "error",
      });
      const text = await response.text();
      if (!response.ok) {
        throw readErrorBody(text, response.status, response.headers);
      }
      return { headers: response.headers, text };
    } catch (cause) {
      if (cause instanceof ConnectError || signal.aborted) {
        throw cause;
      }
      const reason = (cause as Error).cause ?? cause;
      throw new ConnectError(
        `the request failed: ${(reason as Error).message}`,
        Code.Unavailable,
        undefined,
        undefined,
        cause,
      );
    }
  }
}

/** Expands by the first binding whose path fits the message. */
function expandFirst(bindings: readonly HttpBinding[], message: Message): ExpandedRequest {
  let fault = "the method has no google.api.http rule";
  for (const binding of bindings) {
    const expanded = expandRequest(binding, message);
    if (!("fault" in expanded)) {
      return expanded;
    }
    fault = expanded.fault;
  }
  throw new ConnectError(fault, Code.InvalidArgument);
}

function readMessage<O extends DescMessage>(desc: O, text: string) {
  try {
    // A newer server may answer fields that this contract does not have.
    return fromJsonString(desc, text, { ignoreUnknownFields: true });
  } catch (cause) {
    throw new ConnectError(`the response is no ${desc.typeName}`, Code.Internal, undefined, undefined, cause);
  }
}
