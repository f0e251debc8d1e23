import type { DescMethod, Message, Registry } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter, Interceptor } from "@connectrpc/connect";
import { isFailure } from "../../contract/api-error.ts";
import {
  type AroundMethod,
  type CallOptions,
  type CorsOptions,
  collectMethods,
  compileUnaryMethod,
  createCallServer,
  type ReadingOptions,
  typesWith,
  type Wire,
} from "../../transcoding/index.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../http-handler.ts";
import { createCodec } from "./codec.ts";
import { isGrpc, parseContentType, type RpcContentType, withPreferredAnswer } from "./content-type.ts";
import { createCrossOrigin } from "./cross-origin.ts";
import { inputOfGet, typeOfGet } from "./get.ts";
import { callErrors } from "./request-errors.ts";
import { createStreamHandlers, type StreamMethod } from "./streams/stream-handlers.ts";
import { createUnserved } from "./unserved.ts";
import { createConnectWire, inputOfPost } from "./wires/connect.ts";
import { createGrpcWire } from "./wires/grpc.ts";
import { createGrpcWebWire } from "./wires/grpc-web.ts";
import type { RpcCall, UnaryRpc } from "./wires/rpc-call.ts";

export type RpcHandlerOptions = CallOptions &
  Pick<ReadingOptions, "ignoreUnknownFields" | "onUnknownField" | "codecs"> & {
    routes: (router: ConnectRouter) => void;
    interceptors?: Interceptor[] | undefined;
    /** Wraps each unary method. It may replace an answer, but not change one. */
    around?: AroundMethod | undefined;
    /** Largest request message, in decompressed bytes. */
    readMaxBytes: number;
    /** Time in which the body of a unary request must arrive, in ms. Defaults to 30,000. */
    bodyTimeoutMs?: number | undefined;
    /**
     * Types that an Any and the details of errors may contain, besides the well-known types and
     * google/rpc/error_details.proto, such as `createRegistry(file_acme_quota_v1)`.
     */
    registry?: Registry | undefined;
    /** Which origins may call from browsers; undefined for none. */
    cors?: CorsOptions | undefined;
    /** Additional headers of the response to a request. */
    responseHeaders?: ((request: HttpRequest) => Readonly<Record<string, string>>) | undefined;
  };

/** Answers Connect, gRPC and gRPC-Web calls. */
export type RpcHandler = {
  /** Whether a request is an RPC: its path, raw and without the query, is that of a method, or its content is gRPC. */
  serves(path: string, contentType?: string): boolean;
  readonly handle: HttpHandler;
};

/** What answers the requests of a path. */
type Route = {
  readonly isStream: boolean;
  /** HTTP methods that it answers. */
  readonly allowed: readonly string[];
  /** Answers a request whose HTTP method and content type are accepted. */
  readonly handle: (request: HttpRequest, response: HttpResponse, type: RpcContentType) => void;
};

/**
 * Creates the handler. Unary calls take the steps of all protocols, and a wire puts them into HTTP. Streams are left to
 * connect-node.
 */
export function createRpcHandler(options: RpcHandlerOptions): RpcHandler {
  const registry = typesWith(options.registry);
  const routes = new Map<string, Route>();
  const streams: StreamMethod[] = [];
  const serveUnary = createUnaryServer(options, registry);
  for (const { spec, options: own } of collectMethods(options.routes)) {
    const { method } = spec;
    const codec = createCodec(method, { ...options, registry, ...own });
    if (spec.kind !== "unary") {
      streams.push({ spec, options: own, codec });
      continue;
    }
    const { interceptors = options.interceptors ?? [] } = own;
    const rpc: UnaryRpc = {
      method,
      codec,
      readMaxBytes: own.readMaxBytes ?? options.readMaxBytes,
      answersUnchanged: interceptors.length === 0 && own.binaryOptions === undefined,
      invoke: compileUnaryMethod(spec, interceptors, options.around),
    };
    const isReading = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
    routes.set(pathOf(method), {
      isStream: false,
      allowed: isReading ? ["POST", "GET"] : ["POST"],
      handle: (request, response, type) => serveUnary(rpc, request, response, type),
    });
  }
  for (const [path, handle] of createStreamHandlers(streams, { ...options, registry })) {
    routes.set(path, { isStream: true, allowed: ["POST"], handle });
  }
  const crossOrigin = options.cors && createCrossOrigin(options.cors);
  const unserved = createUnserved(options.onError, options.responseHeaders);

  return {
    serves: (path, contentType) => routes.has(path) || isGrpc(contentType),
    handle(request, response) {
      const { url = "", method = "" } = request;
      const mark = url.indexOf("?");
      const route = routes.get(mark === -1 ? url : url.slice(0, mark));
      if (route === undefined) {
        unserved.unknownMethod(request, response);
        return;
      }
      const { headers } = request;
      if (notInTarget.test(url) || (headers.host ?? headers[":authority"]) === undefined) {
        unserved.unknownTarget(request, response);
        return;
      }
      if (crossOrigin?.(request, response, route.allowed)) {
        return;
      }
      if (!route.allowed.includes(method)) {
        unserved.httpMethod(route.allowed, request, response);
        return;
      }
      const type = method === "GET" ? typeOfGet(request) : parseContentType(request.headers["content-type"]);
      if (type === undefined || (type.protocol === "connect" && type.isStream !== route.isStream)) {
        unserved.contentType(route.isStream, request, response);
        return;
      }
      route.handle(request, response, withPreferredAnswer(type, request.headers.accept));
    },
  };
}

/** Characters that no request target has (RFC 9110 4.2.5, RFC 3986 2). */
const notInTarget = /[^\x21-\x7e]|#/;

function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

/** Serves a unary call. */
type ServeUnary = (rpc: UnaryRpc, request: HttpRequest, response: HttpResponse, type: RpcContentType) => void;

const noHeaders = {};

function createUnaryServer(options: RpcHandlerOptions, registry: Registry): ServeUnary {
  const { bodyTimeoutMs = 30_000, responseHeaders } = options;
  const server = createCallServer({ ...options, isFailure }, callErrors);

  return function serveUnary(rpc, request, response, type) {
    const headers = responseHeaders?.(request) ?? noHeaders;
    const call = { rpc, request, response, type, headers, registry, bodyTimeoutMs };
    const { method, invoke } = rpc;
    void server.serve({ method, invoke, request, response, wire: wireOf(call) });
  };
}

function wireOf(call: RpcCall): Wire<Message> {
  switch (call.type.protocol) {
    case "connect":
      return createConnectWire(
        call,
        call.request.method === "GET" ? inputOfGet(call.request) : inputOfPost(call),
      );
    case "grpc":
      return createGrpcWire(call);
    case "grpc-web":
      return createGrpcWebWire(call);
  }
}
