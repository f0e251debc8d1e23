import { createServer, type IncomingHttpHeaders } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { onTestFinished } from "vitest";
import { RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { PlanGroupService } from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import type { PlanSharingProtocol } from "../../../src/client/index.ts";
import { httpStatusOf, writeErrorBody } from "../../../src/transcoding/index.ts";

/**
 * What happens to one request: it is answered well; refused with an error of the API; answered by a page, as proxies
 * do; its connection breaks before or within the answer, or is told to go away; or nobody ever says a word.
 */
export type Fault =
  | "answer"
  | ConnectError
  | { page: number; headers?: Record<string, string> }
  | "reset"
  | "cut"
  | "goaway"
  | "silence";

export type FaultServer = {
  readonly url: string;
  /** Headers of every request so far. */
  readonly requests: readonly IncomingHttpHeaders[];
};

/** An error of the API, with a RetryInfo if it says when to come back. */
export function apiError(code: Code, retryAfterMs?: number): ConnectError {
  const error = new ConnectError("says the server", code);
  if (retryAfterMs !== undefined) {
    const value = create(RetryInfoSchema, { retryDelay: durationFromMs(retryAfterMs) });
    error.details.push({ desc: RetryInfoSchema, value });
  }
  return error;
}

/**
 * Starts a server that speaks one protocol and does to each CreatePlanGroup what stands next in the script, and to all
 * after it what stands last. It stops with the test.
 */
export async function startFaultServer(
  protocol: PlanSharingProtocol,
  script: readonly Fault[],
): Promise<FaultServer> {
  const requests: IncomingHttpHeaders[] = [];
  const sockets = new Set<Socket>();
  const faultNow = () => script[Math.min(requests.length, script.length) - 1];
  const answer = connectNodeAdapter({
    routes(router) {
      router.service(PlanGroupService, {
        createPlanGroup() {
          const fault = faultNow();
          if (fault instanceof ConnectError) {
            throw fault;
          }
          return {};
        },
      });
    },
  });
  // Of HTTP/2's request and response, these listeners use nothing that those of HTTP/1.1 lack.
  const listener = (...[request, response]: Parameters<typeof answer>) => {
    requests.push({ ...request.headers });
    const fault = faultNow();
    if (typeof fault === "object" && "page" in fault) {
      response.writeHead(fault.page, { "content-type": "text/html", ...fault.headers });
      response.end("<html><h1>Bad day</h1></html>");
    } else if (fault === "reset") {
      for (const socket of sockets) {
        socket.resetAndDestroy();
      }
    } else if (fault === "cut") {
      const type = String(request.headers["content-type"]);
      response.writeHead(200, { "content-type": type });
      (response as { write(chunk: string): void }).write("\0");
      setImmediate(() => {
        for (const socket of sockets) {
          socket.destroy();
        }
      });
    } else if (fault === "goaway") {
      const session = "stream" in request ? request.stream.session : undefined;
      session?.goaway(0);
      setImmediate(() => session?.destroy());
    } else if (fault !== "silence") {
      if (protocol !== "rest") {
        answer(request, response);
      } else if (fault instanceof ConnectError) {
        const httpStatus = httpStatusOf[fault.code];
        response.writeHead(httpStatus, { "content-type": "application/json" });
        response.end(writeErrorBody(fault, { httpStatus, domain: "test" }));
      } else {
        response.writeHead(200, { "content-type": "application/json" });
        response.end("{}");
      }
    }
  };
  const server =
    protocol === "grpc" ? createHttp2Server(listener).on("sessionError", () => {}) : createServer(listener);
  server.on("connection", (socket: Socket) => {
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}
