import type { Registry } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createConnectRouter,
  createContextValues,
  type Interceptor,
} from "@connectrpc/connect";
import type {
  UniversalHandler,
  UniversalServerRequest,
  UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import {
  universalRequestFromNodeRequest,
  type universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { CallOptions, RegisteredMethod } from "../../../transcoding/index.ts";
import type { HttpRequest, HttpResponse } from "../../http-handler.ts";
import { factsOf } from "../../telemetry/call-facts.ts";
import { decodeTextChunks, encodeTextChunks } from "../base64-text.ts";
import type { Codec } from "../codec.ts";
import { isGrpc, type RpcContentType } from "../content-type.ts";
import {
  acceptedEncodings,
  compressMinBytes,
  grpcEncoding,
  rpcCompressions,
  streamEncoding,
} from "../encodings.ts";
import { isChunks } from "../frames.ts";
import { fitStatus, roomForStatus } from "../status-size.ts";
import { nodeHeaders } from "../wires/rpc-call.ts";
import { settleByStatus } from "./answered-status.ts";
import { createMessagesReader, type MessagesReader, passReadMessages } from "./read-messages.ts";
import { sendStream } from "./send-stream.ts";
import { createErrorInterceptor, httpRequestKey } from "./stream-errors.ts";
import { requireValidTimeout, setTimeoutOf } from "./timeout.ts";

export type StreamOptions = CallOptions & {
  readonly interceptors?: Interceptor[] | undefined;
  readonly registry: Registry;
  /** Additional headers of the response to a request. */
  readonly responseHeaders?: ((request: HttpRequest) => Readonly<Record<string, string>>) | undefined;
  /** Largest message of a request, in decompressed bytes. */
  readonly readMaxBytes: number;
};

/** Answers a request whose content type is accepted. */
export type StreamHandler = (request: HttpRequest, response: HttpResponse, type: RpcContentType) => void;

/** A streaming method and the codec of its messages. */
export type StreamMethod = RegisteredMethod & { readonly codec: Codec };

/**
 * Creates the handlers of streaming methods, by their paths, from those of connect-node. Messages of requests are read by this
 * project, and answers are changed where clients would not understand those of connect-node.
 */
export function createStreamHandlers(
  methods: readonly StreamMethod[],
  options: StreamOptions,
): ReadonlyMap<string, StreamHandler> {
  const { registry, readMaxBytes } = options;
  const router = createConnectRouter({
    interceptors: [
      createErrorInterceptor(options, registry),
      passReadMessages,
      ...(options.interceptors ?? []),
    ],
    async requestGate(context) {
      try {
        await options.requestGate?.(context);
        requireValidTimeout(context);
      } catch (error) {
        const request = context.values.get(httpRequestKey);
        if (error instanceof ConnectError && request !== undefined) {
          options.onError?.(error, request, undefined);
        }
        throw error;
      }
    },
    readMaxBytes,
    ...(options.shutdownSignal && { shutdownSignal: options.shutdownSignal }),
    acceptCompression: rpcCompressions,
    compressMinBytes,
    jsonOptions: { registry },
  });
  return new Map(
    methods.map(({ spec, codec, options: own }) => {
      router.rpc(spec.method, spec.impl as Parameters<ConnectRouter["rpc"]>[1], own);
      const handler = router.handlers.at(-1) as UniversalHandler;
      const read = createMessagesReader(spec.method, codec, own.readMaxBytes ?? readMaxBytes);
      return [handler.requestPath, createStreamHandler(handler, read, options)];
    }),
  );
}

function createStreamHandler(
  handler: UniversalHandler,
  readMessages: MessagesReader,
  { contextValues, responseHeaders }: StreamOptions,
): StreamHandler {
  return function handleStream(request, response, type) {
    for (const [name, value] of Object.entries(responseHeaders?.(request) ?? {})) {
      response.setHeader(name, value);
    }
    const call = callOf(request, response, contextValues?.(request));
    for (const { encoding, accept } of [streamEncoding, grpcEncoding]) {
      // connect-node would drop it from the error of an unknown encoding.
      const name = request.headers[encoding];
      if (name !== undefined && name !== "identity" && !rpcCompressions.some((each) => each.name === name)) {
        response.setHeader(accept, acceptedEncodings);
      }
    }
    serve(call, response, type).catch((error) => {
      // Aborted: the client has disconnected. After any other error the connection is unusable.
      if (ConnectError.from(error).code !== Code.Aborted) {
        response.destroy();
      }
    });
  };

  async function serve(
    call: UniversalServerRequest,
    response: HttpResponse,
    type: RpcContentType,
  ): Promise<void> {
    const body = call.body as AsyncIterable<Uint8Array>;
    // connect-node knows neither base64 nor all parameters of JSON.
    call.header.set("content-type", type.answer.replace("-text", ""));
    const chunks = type.isText ? decodeTextChunks(body) : body;
    const answered = await handler(readMessages({ ...call, body: chunks }, type));
    await answer(answered, response, type);
  }
}

function inText(response: UniversalServerResponse, contentType: string): UniversalServerResponse {
  response.header?.set("content-type", contentType);
  return isChunks(response.body) ? { ...response, body: encodeTextChunks(response.body) } : response;
}

/** Returns the request in connect-node's form. */
function callOf(
  request: HttpRequest,
  response: HttpResponse,
  values = createContextValues(),
): UniversalServerRequest {
  // connect-node's types are Node's classes, of which it uses what these have.
  const [from, to] = [request as ServerRequest, response as ServerResponse];
  // With the body, because newer versions call a method of it that only Node's class has.
  const call = universalRequestFromNodeRequest(from, to, request as never, values);
  values.set(httpRequestKey, request);
  setTimeoutOf(request, call, values, isGrpc(request.headers["content-type"]));
  return call;
}

async function answer(
  from: UniversalServerResponse,
  response: HttpResponse,
  type: RpcContentType,
): Promise<void> {
  const settled = settleByStatus(await withTrailersOnly(from), factsOf(response.req));
  const fitting = withFittingStatus(settled, response);
  const answered = type.answersText ? inText(fitting, type.answer) : fitting;
  if (answered.body !== undefined || answered.trailer !== undefined) {
    await sendStream(answered, response);
    return;
  }
  // Not writeHead: the header frame must end the stream.
  response.statusCode = answered.status;
  for (const [name, value] of Object.entries(nodeHeaders(answered.header ?? new Headers()))) {
    // Whether the connection closes is decided where connections are.
    if (name !== "connection") {
      response.setHeader(name, value);
    }
  }
  response.end();
}

function isGrpcAnswer({ header }: UniversalServerResponse): boolean {
  return /^application\/grpc(\+|$)/.test(header?.get("content-type") ?? "");
}

/** Shortens the status of a gRPC response so that clients can read it. */
function withFittingStatus(
  answered: UniversalServerResponse,
  response: HttpResponse,
): UniversalServerResponse {
  const { header, trailer, body } = answered;
  if (!isGrpcAnswer(answered)) {
    return answered;
  }
  if (header !== undefined && body === undefined) {
    fitStatus(header, roomForStatus(response));
    return answered;
  }
  if (trailer === undefined) {
    return answered;
  }
  // A property that is read after the body, because the status is set when the body ends.
  return {
    ...answered,
    get trailer() {
      fitStatus(trailer);
      return trailer;
    },
  };
}

/** The headers of gRPC responses that connect-node sets. */
const grpcHeaders = new Set(["content-type", "grpc-encoding", "grpc-accept-encoding"]);

/**
 * Moves the trailers of a gRPC error without a message to its headers ("Trailers-Only"), as the wire of unary calls has them.
 */
async function withTrailersOnly(response: UniversalServerResponse): Promise<UniversalServerResponse> {
  const { header, trailer, body } = response;
  if (body === undefined || !isGrpcAnswer(response)) {
    return response;
  }
  const chunks = body[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (!first.done) {
    return { ...response, body: startingWith(first.value, chunks) };
  }
  const isError = (trailer?.get("grpc-status") ?? "0") !== "0";
  const hasOwnHeaders = [...(header?.keys() ?? [])].some((name) => !grpcHeaders.has(name));
  if (!isError || hasOwnHeaders) {
    return { ...response, body: noChunks() };
  }
  const merged = new Headers(header);
  trailer?.forEach((value, name) => {
    merged.append(name, value);
  });
  return { status: response.status, header: merged };
}

async function* noChunks(): AsyncGenerator<Uint8Array> {}

async function* startingWith(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) {
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}

type ServerRequest = Parameters<typeof universalRequestFromNodeRequest>[0];
type ServerResponse = Parameters<typeof universalResponseToNodeResponse>[1];
