import { createContextValues } from "@connectrpc/connect";
import type { RequestListener } from "../http-handler.ts";
import type { OverloadGuard } from "../limits/overload.ts";
import { isDiscoveryPath } from "../pages/discovery.ts";
import { refuseToken, tokenPath } from "../pages/token-endpoint.ts";
import type { RpcHandler } from "../rpc/handler.ts";
import { type ObserveRequest, requestIdHeader } from "../telemetry/observe-requests.ts";
import type { CallProtocol } from "../telemetry/request-record.ts";
import { recordOf, requestRecordKey } from "../telemetry/request-record.ts";
import { joinAuthorization } from "./authorization-header.ts";

export type RequestHandlerOptions = {
  observe: ObserveRequest;
  overload: OverloadGuard;
  rpc: RpcHandler;
  rest: RequestListener;
  tokenEndpoint: RequestListener;
  discovery: RequestListener;
};

type Request = Parameters<RequestListener>[0];

/** Creates the way of each request to what answers it, under observation. */
export function createRequestHandler(options: RequestHandlerOptions): RequestListener {
  const { observe, overload, rpc, rest, tokenEndpoint, discovery } = options;
  return (request, response) => {
    joinAuthorization(request);
    const target = request.url ?? "";
    const mark = target.indexOf("?");
    const path = mark === -1 ? target : target.slice(0, mark);
    observe(request, response, (record) => {
      if (path === tokenPath) {
        response.setHeader(requestIdHeader, record.id);
        record.leave = overload.enter("anybody");
        (record.leave ? tokenEndpoint : refuseToken)(request, response);
      } else if (isDiscoveryPath(path)) {
        discovery(request, response);
      } else if (rpc.serves(path, request.headers["content-type"])) {
        // Before REST: an RPC path must win over every wildcard of a rule.
        record.protocol = rpcProtocolOf(request.headers["content-type"]);
        response.setHeader(requestIdHeader, record.id);
        rpc.handle(request, response);
      } else {
        record.protocol = "rest";
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

/** Returns the context values of a request: its record. */
export function contextValuesOf(request: Request) {
  return createContextValues().set(requestRecordKey, recordOf(request));
}

/** Returns the headers by which an answer over REST names its request. */
export function namingHeaders(request: Request): Readonly<Record<string, string>> {
  const record = recordOf(request);
  return record === undefined ? {} : { [requestIdHeader]: record.id };
}
