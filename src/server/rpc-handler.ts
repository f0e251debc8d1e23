import type { ConnectRouter, HandlerContext, Interceptor } from "@connectrpc/connect";
import { Code, ConnectError, createConnectRouter } from "@connectrpc/connect";
import type {
  UniversalHandler,
  UniversalServerRequest,
  UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { RequestListener } from "./listener.ts";
import { createBodyCheck, rpcCompressions } from "./rpc-body-check.ts";

export type RpcHandlerOptions = {
  routes: (router: ConnectRouter) => void;
  interceptors: Interceptor[];
  requestGate: (context: HandlerContext) => Promise<void>;
  /** Largest request message, in decompressed bytes. */
  readMaxBytes: number;
  /** Aborts the signals of running calls. */
  shutdownSignal: AbortSignal;
};

/** Answers the calls of Connect, gRPC and gRPC-Web. */
export type RpcHandler = {
  /** Whether a raw path, without its query, is that of a method. */
  serves(path: string): boolean;
  readonly handle: RequestListener;
};

/** Responses below this size are not compressed: it would cost more than the whole call. In bytes. */
const compressMinBytes = 32 * 1024;

/** Creates the handler on connect-node's own. Unlike connectNodeAdapter it looks at bodies on their way in. */
export function createRpcHandler(options: RpcHandlerOptions): RpcHandler {
  const router = createConnectRouter({
    interceptors: options.interceptors,
    requestGate: options.requestGate,
    readMaxBytes: options.readMaxBytes,
    shutdownSignal: options.shutdownSignal,
    acceptCompression: rpcCompressions,
    compressMinBytes,
    jsonOptions: { ignoreUnknownFields: false },
  });
  options.routes(router);
  const handlers = new Map(
    router.handlers.map((handler) => [handler.requestPath, withBodyCheck(handler, options)]),
  );

  return {
    serves: (path) => handlers.has(path),
    handle(request, response) {
      const [path = ""] = (request.url ?? "").split("?", 1);
      const handler = handlers.get(path);
      if (handler === undefined) {
        response.statusCode = 404;
        response.end();
        return;
      }
      answer(handler, request, response).catch((error) => {
        // A client that went away is told nothing; whatever else happened, the connection is of no more use.
        if (ConnectError.from(error).code !== Code.Aborted) {
          response.destroy();
        }
      });
    },
  };
}

async function answer(
  handler: CheckedHandler,
  ...[request, response]: Parameters<RequestListener>
): Promise<void> {
  const call = universalRequestFromNodeRequest(request, response, undefined, undefined);
  await universalResponseToNodeResponse(await handler(call), response);
}

type CheckedHandler = (request: UniversalServerRequest) => Promise<UniversalServerResponse>;

function withBodyCheck(handler: UniversalHandler, { readMaxBytes }: RpcHandlerOptions): CheckedHandler {
  if (handler.method.methodKind !== "unary") {
    return handler;
  }
  const check = createBodyCheck(handler.method, readMaxBytes);
  return (request) => handler(check(request));
}
