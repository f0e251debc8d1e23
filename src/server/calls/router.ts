import { createContextValues } from "@connectrpc/connect";
import type { HttpHandler, HttpRequest } from "../http-handler.ts";
import type { OverloadGuard } from "../limits/overload.ts";
import { isDiscoveryPath } from "../pages/discovery.ts";
import { rejectTokenRequest, tokenPath } from "../pages/token-endpoint.ts";
import type { RpcHandler } from "../rpc/handler.ts";
import { type CallProtocol, callFactsKey, factsOf } from "../telemetry/call-facts.ts";
import { type ObserveRequest, requestIdHeader } from "../telemetry/observe-requests.ts";
import { joinAuthorization } from "./authorization-header.ts";

export type RouterOptions = {
  observe: ObserveRequest;
  overload: OverloadGuard;
  rpc: RpcHandler;
  rest: HttpHandler;
  tokenEndpoint: HttpHandler;
  discovery: HttpHandler;
};

/** Creates the router: it passes each request, observed, to the handler of its protocol or page. */
export function createRouter(options: RouterOptions): HttpHandler {
  const { observe, overload, rpc, rest, tokenEndpoint, discovery } = options;
  return function routeRequest(request, response) {
    joinAuthorization(request);
    const target = request.url ?? "";
    const mark = target.indexOf("?");
    const path = mark === -1 ? target : target.slice(0, mark);
    observe(request, response, function routeObserved(call) {
      if (path === tokenPath) {
        response.setHeader(requestIdHeader, call.id);
        call.release = overload.enter("anonymous");
        (call.release ? tokenEndpoint : rejectTokenRequest)(request, response);
      } else if (isDiscoveryPath(path)) {
        discovery(request, response);
      } else if (rpc.serves(path, request.headers["content-type"])) {
        // Before REST: the path of an RPC must win over every wildcard of a rule.
        call.protocol = rpcProtocolOf(request.headers["content-type"]);
        response.setHeader(requestIdHeader, call.id);
        rpc.handle(request, response);
      } else {
        call.protocol = "rest";
        rest(request, response);
      }
    });
  };
}

function rpcProtocolOf(contentType = ""): CallProtocol {
  if (!contentType.startsWith("application/grpc")) {
    return "connect";
  }
  return contentType.startsWith("application/grpc-web") ? "grpc-web" : "grpc";
}

/** Returns the context values of a request: the facts about its call. */
export function contextValuesOf(request: HttpRequest) {
  return createContextValues().set(callFactsKey, factsOf(request));
}

/** Returns the headers that identify a request in its REST response. */
export function requestIdHeaders(request: HttpRequest): Readonly<Record<string, string>> {
  const call = factsOf(request);
  return call === undefined ? {} : { [requestIdHeader]: call.id };
}
