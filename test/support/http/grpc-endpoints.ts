import {
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Server,
  type ServerOpts,
  type Socket,
} from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { onTestFinished } from "vitest";
import { CreateUserPlanStatusRequestSchema } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { resourceName } from "../../../src/contract/resource-names.ts";
import { encodeFrame, type FrameInit, frameTypes } from "./http2-frames.ts";

/** Returns the frame of the status that was stored for a user. */
export function statusFrameOf(userKey: string): Buffer {
  const name = resourceName(65001, "planStatuses", userKey);
  const message = toBinary(PlanStatusSchema, create(PlanStatusSchema, { name }));
  return Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
}

/** The frame of the stored status of the user `a`. */
export const statusFrame = statusFrameOf("a");

/** Headers of an answer that may be a success. */
export const grpcHeaders = { ":status": 200, "content-type": "application/grpc+proto" };

/** Answers that the status was stored. */
export function accept(stream: ServerHttp2Stream): void {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => {
    stream.respond(grpcHeaders, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(statusFrameOf(userKeyIn(Buffer.concat(chunks).subarray(5))));
  });
}

function userKeyIn(request: Uint8Array): string {
  try {
    return fromBinary(CreateUserPlanStatusRequestSchema, request).userKey;
  } catch {
    return "a";
  }
}

type Endpoint = {
  readonly url: string;
  /** Every connection so far, with the streams that it has had. */
  readonly sessions: readonly { readonly session: ServerHttp2Session; streams: number }[];
};

/** Starts an endpoint that handles each stream with `handle` until the test ends. `number` counts them from 1. */
export async function startEndpoint(
  handle: (stream: ServerHttp2Stream, number: number) => void,
  server: Http2Server | Http2SecureServer = createServer(),
): Promise<Endpoint> {
  const sessions: Endpoint["sessions"][number][] = [];
  let count = 0;
  server.on("session", (session) => {
    const entry = { session, streams: 0 };
    sessions.push(entry);
    session.on("error", () => undefined);
    session.on("stream", () => {
      entry.streams += 1;
    });
  });
  server.on("stream", (stream) => {
    stream.on("error", () => undefined);
    count += 1;
    handle(stream, count);
  });
  const url = await listen(server);
  onTestFinished(() => {
    for (const { session } of sessions) {
      session.destroy();
    }
    server.close();
  });
  return { url, sessions };
}

export async function listen(server: Server | Http2Server | Http2SecureServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Starts an endpoint of TCP that handles each connection until the test ends. */
export async function startTcpEndpoint(
  handle: (socket: Socket, number: number) => void,
  options: ServerOpts = {},
): Promise<string> {
  const sockets: Socket[] = [];
  const server = createTcpServer(options, (socket) => {
    sockets.push(socket.on("error", () => undefined));
    handle(socket, sockets.length);
  });
  const url = await listen(server);
  onTestFinished(() => {
    for (const socket of sockets) {
      socket.destroy();
    }
    server.close();
  });
  return url;
}

/** Passes a connection on to another endpoint. */
export function forward(socket: Socket, url: string): void {
  const upstream = connectTcp(Number(new URL(url).port), "127.0.0.1");
  socket.pipe(upstream.on("error", () => undefined)).pipe(socket);
}

/** Answers the first request on a connection, which is longer than all frames before it, with frames. */
export function answerFrames(
  socket: Socket,
  frames: readonly FrameInit[],
  done: () => void = () => undefined,
): void {
  socket.write(encodeFrame({ type: frameTypes.settings }));
  let isAnswered = false;
  socket.on("data", (bytes: Buffer) => {
    if (!isAnswered && bytes.length > 100) {
      isAnswered = true;
      socket.write(Buffer.concat(frames.map(encodeFrame)), done);
    }
  });
}
