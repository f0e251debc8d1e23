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

/** How the server reacts to one request. */
export type Reaction =
  /** A successful response. */
  | "answer"
  /** An error response of the API. */
  | ConnectError
  /** An HTML page with this HTTP status, as from a proxy. */
  | { page: number; headers?: Record<string, string> }
  /** Resets the connection before the response. */
  | "reset"
  /** Closes the connection within the response. */
  | "cut"
  /** Sends GOAWAY, then closes the connection. */
  | "goaway"
  /** Never responds. */
  | "silence";

export type ScriptedServer = {
  readonly url: string;
  /** Headers of every request so far. */
  readonly requests: readonly IncomingHttpHeaders[];
};

/** Creates an error with a code and, given a delay, a RetryInfo. */
export function errorWith(code: Code, retryAfterMs?: number): ConnectError {
  const error = new ConnectError("says the server", code);
  if (retryAfterMs !== undefined) {
    const value = create(RetryInfoSchema, { retryDelay: durationFromMs(retryAfterMs) });
    error.details.push({ desc: RetryInfoSchema, value });
  }
  return error;
}

/**
 * Starts a server of one protocol, whose reactions to CreatePlanGroup calls follow a script; the last one repeats. It
 * stops when the test ends.
 */
export async function startScriptedServer(
  protocol: PlanSharingProtocol,
  script: readonly Reaction[],
): Promise<ScriptedServer> {
  const requests: IncomingHttpHeaders[] = [];
  const sockets = new Set<Socket>();
  const currentReaction = () => script[Math.min(requests.length, script.length) - 1];
  const answer = connectNodeAdapter({
    routes(router) {
      router.service(PlanGroupService, {
        createPlanGroup() {
          const reaction = currentReaction();
          if (reaction instanceof ConnectError) {
            throw reaction;
          }
          return {};
        },
      });
    },
  });
  // Uses only what requests and responses of HTTP/1.1 and HTTP/2 have in common.
  const listener = (...[request, response]: Parameters<typeof answer>) => {
    requests.push({ ...request.headers });
    const reaction = currentReaction();
    if (typeof reaction === "object" && "page" in reaction) {
      response.writeHead(reaction.page, { "content-type": "text/html", ...reaction.headers });
      response.end("<html><h1>Bad day</h1></html>");
    } else if (reaction === "reset") {
      for (const socket of sockets) {
        socket.resetAndDestroy();
      }
    } else if (reaction === "cut") {
      const type = String(request.headers["content-type"]);
      response.writeHead(200, { "content-type": type });
      (response as { write(chunk: string): void }).write("\0");
      setImmediate(() => {
        for (const socket of sockets) {
          socket.destroy();
        }
      });
    } else if (reaction === "goaway") {
      const session = "stream" in request ? request.stream.session : undefined;
      session?.goaway(0);
      setImmediate(() => session?.destroy());
    } else if (reaction !== "silence") {
      if (protocol !== "rest") {
        answer(request, response);
      } else if (reaction instanceof ConnectError) {
        const httpStatus = httpStatusOf[reaction.code];
        response.writeHead(httpStatus, { "content-type": "application/json" });
        response.end(writeErrorBody(reaction, { httpStatus, domain: "test" }));
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
