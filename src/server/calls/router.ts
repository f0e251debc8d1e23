import { Health } from "#deps/grpc/health/v1/health_pb.js";
import type { HttpHandler, HttpRequest } from "../http-handler.ts";
import type { OverloadGuard } from "../limits/overload.ts";
import { isProbePath } from "../pages/probes.ts";
import { rejectTokenRequest, tokenPath } from "../pages/token-endpoint.ts";
import { isGrpc } from "../rpc/content-type.ts";
import type { ServerHooks } from "../server-extension.ts";
import { type CallProtocol, settleOutcome } from "../telemetry/call-facts.ts";
import { type ObserveRequest, requestIdHeader } from "../telemetry/observe-requests.ts";
import type { Handlers } from "./handlers.ts";

/** Creates the router: it passes each request, observed, to the handler of its protocol or page. */
export function createRouter(
  { rpc, rest, tokenEndpoint, page, probes }: Handlers,
  observe: ObserveRequest,
  overload: OverloadGuard,
  received?: ServerHooks["received"],
): HttpHandler {
  return function routeRequest(request, response) {
    joinAuthorization(request);
    const target = request.url ?? "";
    const mark = target.indexOf("?");
    const path = mark === -1 ? target : target.slice(0, mark);
    const document = page(path);
    observe(request, response, function routeObserved(call) {
      received?.(request, response, call);
      if (path === tokenPath) {
        response.setHeader(requestIdHeader, call.id);
        call.release = overload.enter("anonymous", call.clientAddress);
        (call.release ? tokenEndpoint : rejectTokenRequest)(request, response);
      } else if (document !== undefined) {
        document(request, response);
      } else if (isProbePath(path)) {
        response.setHeader(requestIdHeader, call.id);
        // For logs and metrics it is a health check that succeeds, also if the answer is "not ready".
        call.method = Health.method.check;
        settleOutcome(call, { answered: true });
        probes(request, response);
      } else if (rpc.serves(path, request.headers["content-type"])) {
        // Before REST: the path of an RPC must win over every wildcard of a rule.
        call.protocol = rpcProtocolOf(request.headers["content-type"]);
        rpc.handle(request, response);
      } else {
        call.protocol = "rest";
        rest(request, response);
      }
    });
  };
}

function rpcProtocolOf(contentType = ""): CallProtocol {
  const [, web] = /^application\/grpc(-web)?/i.exec(contentType) ?? [];
  if (web !== undefined) {
    return "grpc-web";
  }
  return isGrpc(contentType) ? "grpc" : "connect";
}

/**
 * Joins several Authorization headers into one. Node drops all but the first, so a proxy that reads the last one and
 * this server would see different callers. The request gate rejects the joined value (RFC 9110 5.3).
 */
function joinAuthorization(request: HttpRequest): void {
  const { rawHeaders } = request;
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    // Comparing the length first is cheaper: most headers fail it.
    if (name.length === 13 && name.toLowerCase() === "authorization") {
      values.push(rawHeaders[at + 1] as string);
    }
  }
  if (values.length > 1) {
    request.headers.authorization = values.join(", ");
  }
}
