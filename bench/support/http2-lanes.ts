import { once } from "node:events";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import type { Lane, Lanes, Load } from "./lane.ts";
import { fillable } from "./user-mark.ts";

/** Opens HTTP/2 connections that send some requests at a time each. Headers are indexed, as those of real clients are. */
export async function openHttp2(
  url: string,
  load: Load,
  connections: number,
  streams: number,
): Promise<Lanes> {
  const sessions = await Promise.all(
    Array.from({ length: connections }, async () => {
      const session = connect(url);
      await once(session, "remoteSettings");
      return session;
    }),
  );
  return {
    lanes: sessions.flatMap((session) => Array.from({ length: streams }, () => laneOf(session, load))),
    close() {
      for (const session of sessions) {
        session.destroy();
      }
    },
  };
}

function laneOf(session: ClientHttp2Session, { path, headers, body, grpcStatus }: Load): Lane {
  const request = { ":method": "POST", ":path": path, ...headers };
  const { bytes, fill } = fillable(body ?? Buffer.alloc(0));
  return (user) =>
    new Promise((resolve, reject) => {
      let status: string | undefined;
      let grpc: string | undefined;
      const note = (received: IncomingHttpHeaders) => {
        status ??= String(received[":status"]);
        grpc ??= received["grpc-status"]?.toString();
      };
      fill(user);
      const stream = session.request(request);
      stream.on("response", note).on("trailers", note).on("error", reject);
      stream.on("close", () => {
        if (status === "200" && (grpcStatus === undefined || grpc === "0")) {
          resolve();
        } else {
          reject(new Error(`${path}: HTTP status ${status}, gRPC status ${grpc}`));
        }
      });
      stream.resume().end(bytes);
    });
}
