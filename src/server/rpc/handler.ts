import type { Registry } from "@bufbuild/protobuf";
import type { ConnectRouter, ContextValues, HandlerContext, Interceptor } from "@connectrpc/connect";
import { Code, ConnectError, createConnectRouter, createContextValues } from "@connectrpc/connect";
import type { UniversalServerRequest, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { type CorsOptions, type ReadingOptions, typesWith } from "../../transcoding/index.ts";
import { answerRequestError } from "../connections/error-answer.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../http-handler.ts";
import { callFactsKey, factsOf, settleOutcome } from "../telemetry/call-facts.ts";
import { settleByStatus } from "./answered-status.ts";
import { createCrossOrigin } from "./cross-origin.ts";
import { createDetailInterceptor } from "./error-details.ts";
import { acceptedEncodings, rpcCompressions } from "./request-body.ts";
import { createRequestReader, passReadMessages } from "./request-reader.ts";
import { registerRoutes } from "./route-options.ts";
import { withFittingStatus } from "./status-size.ts";
import { requireValidTimeout, setTimeoutOf } from "./timeout.ts";

export type RpcHandlerOptions = Pick<ReadingOptions, "ignoreUnknownFields" | "onUnknownField"> & {
  routes: (router: ConnectRouter) => void;
  interceptors: Interceptor[];
  requestGate: (context: HandlerContext) => Promise<void>;
  /** Largest request message, in decompressed bytes. */
  readMaxBytes: number;
  /**
   * Types that an Any and the details of errors may contain, besides the well-known types and
   * google/rpc/error_details.proto, such as `createRegistry(file_acme_quota_v1)`.
   */
  registry?: Registry | undefined;
  /** Aborts the signals of running calls. */
  shutdownSignal: AbortSignal;
  /** Which origins may call from browsers; undefined for none. */
  cors?: CorsOptions | undefined;
  /** Creates the context values of a request. */
  contextValues?: (request: HttpRequest) => ContextValues;
};

/** Answers Connect, gRPC and gRPC-Web calls. */
export type RpcHandler = {
  /** Whether a request is an RPC: its path, raw and without the query, is that of a method, or its content is gRPC. */
  serves(path: string, contentType?: string): boolean;
  readonly handle: HttpHandler;
};

/** Smallest response that is compressed, in bytes: for smaller ones it would cost more than the whole call. */
export const compressMinBytes = 32 * 1024;

/** Creates the handler from those of connect-node. Unlike connectNodeAdapter it reads requests itself. */
export function createRpcHandler(options: RpcHandlerOptions): RpcHandler {
  const registry = typesWith(options.registry);
  const router = createConnectRouter({
    interceptors: [createDetailInterceptor(registry), passReadMessages, ...options.interceptors],
    requestGate: async function gateCall(context) {
      try {
        await options.requestGate(context);
        requireValidTimeout(context);
      } catch (error) {
        settleOutcome(context.values.get(callFactsKey), { error });
        throw error;
      }
    },
    readMaxBytes: options.readMaxBytes,
    shutdownSignal: options.shutdownSignal,
    acceptCompression: rpcCompressions,
    compressMinBytes,
    jsonOptions: { registry },
  });
  const routeOptions = registerRoutes(router, options.routes);
  const handlers = new Map(
    router.handlers.map((handler) => {
      const read = createRequestReader(handler.method, {
        ...options,
        ...routeOptions.get(handler.method),
        registry,
      });
      const handle: CallHandler = (request) => handler(read(request));
      return [handler.requestPath, { methods: handler.allowedMethods, handle }];
    }),
  );
  const crossOrigin = options.cors && createCrossOrigin(options.cors);

  return {
    serves: (path, contentType) => handlers.has(path) || isGrpc(contentType),
    handle: function handleRpc(request, response) {
      const [path = ""] = (request.url ?? "").split("?", 1);
      const found = handlers.get(path);
      if (found === undefined) {
        rejectUnknown(request, response);
        return;
      }
      if (crossOrigin?.(request, response, found.methods)) {
        return;
      }
      const call = callOf(request, response, options.contextValues?.(request));
      if (call === undefined) {
        const message = "the target must be a valid URL, and its host must be known: send the header Host";
        answerRequestError(request, response, { status: 400, message });
        return;
      }
      for (const [name, value] of acceptedEncodings(request.headers)) {
        response.setHeader(name, value);
      }
      answer(found.handle, call, response).catch((error) => {
        // Aborted: the client has disconnected. After any other error the connection is unusable.
        if (ConnectError.from(error).code !== Code.Aborted) {
          response.destroy();
        }
      });
    },
  };
}

function isGrpc(contentType: string | undefined): boolean {
  return contentType?.startsWith("application/grpc") ?? false;
}

/** Answers a call of an unknown method. gRPC clients may take a plain 404 for a broken stream. */
function rejectUnknown(...[request, response]: Parameters<HttpHandler>): void {
  if (isGrpc(request.headers["content-type"])) {
    settleOutcome(factsOf(request), { error: new ConnectError("unknown method", Code.Unimplemented) });
    response.setHeader("content-type", request.headers["content-type"] as string);
    response.setHeader("grpc-status", Code.Unimplemented);
    response.setHeader("grpc-message", "unknown method");
  } else {
    response.statusCode = 404;
  }
  response.end();
}

/** Characters that no request target has (RFC 9110 4.2.5, RFC 3986 2). URL would change them, and with them the message. */
const notInTarget = /[^\x21-\x7e]|#/;

/**
 * Returns the request in connect-node's form; undefined if its Host or its target is invalid (RFC 9112 3.2: answer 400).
 */
function callOf(
  ...[request, response, values = createContextValues()]: [
    ...Parameters<HttpHandler>,
    ContextValues | undefined,
  ]
): UniversalServerRequest | undefined {
  if (notInTarget.test(request.url ?? "")) {
    return undefined;
  }
  try {
    // connect-node's types are Node's classes, of which it uses what these have.
    const call = universalRequestFromNodeRequest(
      request as ServerRequest,
      response as ServerResponse,
      undefined,
      values,
    );
    setTimeoutOf(request, call, values, isGrpc(request.headers["content-type"]));
    return call;
  } catch {
    return undefined;
  }
}

async function answer(
  handler: CallHandler,
  call: UniversalServerRequest,
  response: HttpResponse,
): Promise<void> {
  const facts = call.contextValues?.get(callFactsKey);
  const settled = settleByStatus(await withTrailersOnly(await handler(call)), facts);
  const answered = withFittingStatus(settled, response);
  if (answered.body !== undefined || answered.trailer !== undefined) {
    await universalResponseToNodeResponse(answered, response as ServerResponse);
    return;
  }
  // Not writeHead: the header frame must end the stream.
  response.statusCode = answered.status;
  answered.header?.forEach((value, name) => {
    // Whether the connection closes is decided where connections are.
    if (name !== "connection") {
      response.setHeader(name, value);
    }
  });
  response.end();
}

/** The headers of gRPC responses that connect-node sets. */
const grpcHeaders = new Set(["content-type", "grpc-encoding", "grpc-accept-encoding"]);

/**
 * Moves the trailers of a gRPC error without a message to its headers ("Trailers-Only"). Only then do clients retry by
 * their service config: separate headers count as a response that has begun (gRFC A6). Clients read everything in a
 * Trailers-Only response as trailers, so a response with headers of its handler keeps them apart.
 */
async function withTrailersOnly(response: UniversalServerResponse): Promise<UniversalServerResponse> {
  const { header, trailer, body } = response;
  if (body === undefined || !/^application\/grpc(\+|$)/.test(header?.get("content-type") ?? "")) {
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

type CallHandler = (request: UniversalServerRequest) => Promise<UniversalServerResponse>;
