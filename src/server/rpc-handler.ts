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
export const compressMinBytes = 32 * 1024;

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
      const call = callOf(request, response);
      if (call === undefined) {
        response.statusCode = 400;
        response.end();
        return;
      }
      answer(handler, call, response).catch((error) => {
        // A client that went away is told nothing; whatever else happened, the connection is of no more use.
        if (ConnectError.from(error).code !== Code.Aborted) {
          response.destroy();
        }
      });
    },
  };
}

/** Returns the request as connect-node has it, or undefined if its Host is no authority (RFC 9112 3.2: answer 400). */
function callOf(...[request, response]: Parameters<RequestListener>): UniversalServerRequest | undefined {
  try {
    return universalRequestFromNodeRequest(request, response, undefined, undefined);
  } catch {
    return undefined;
  }
}

async function answer(
  handler: CheckedHandler,
  call: UniversalServerRequest,
  response: Parameters<RequestListener>[1],
): Promise<void> {
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
