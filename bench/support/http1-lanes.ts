import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Lane, Lanes, Load } from "./lane.ts";
import { fillable } from "./user-mark.ts";

/**
 * Opens HTTP/1.1 connections that send one request at a time. Requests are built beforehand and responses are read only as
 * far as necessary, so that the load takes less CPU time than the servers that it measures.
 */
export async function openHttp1(url: string, load: Load, connections: number): Promise<Lanes> {
  const { hostname, port } = new URL(url);
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      await once(socket, "connect");
      return socket;
    }),
  );
  return {
    lanes: sockets.map((socket) => laneOf(socket, load)),
    close() {
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}

function laneOf(socket: Socket, load: Load): Lane {
  const { bytes, fill } = fillable(bytesOf(load, `${socket.remoteAddress}:${socket.remotePort}`));
  let settle = { resolve: () => {}, reject: (_: Error) => {} };
  let received: Buffer | undefined;
  socket.on("data", (chunk) => {
    received = received === undefined ? chunk : Buffer.concat([received, chunk]);
    if (!isComplete(received)) {
      return;
    }
    const response = received;
    received = undefined;
    if (succeeded(response, load)) {
      settle.resolve();
    } else {
      settle.reject(new Error(`${load.path}: ${response.toString("latin1").slice(0, 2_000)}`));
    }
  });
  socket.on("error", (error) => settle.reject(error));
  socket.on("close", () => settle.reject(new Error(`${load.path}: the server closed the connection`)));
  return (user) =>
    new Promise((resolve, reject) => {
      settle = { resolve, reject };
      // The previous request has left this buffer, because its response has arrived.
      fill(user);
      socket.write(bytes);
    });
}

function bytesOf({ method, path, headers, body = Buffer.alloc(0) }: Load, host: string): Buffer {
  const length = method === "POST" ? { "content-length": String(body.length) } : {};
  const lines = Object.entries({ host, ...headers, ...length }).map(([name, value]) => `${name}: ${value}`);
  return Buffer.concat([
    Buffer.from(`${[`${method} ${path} HTTP/1.1`, ...lines].join("\r\n")}\r\n\r\n`),
    body,
  ]);
}

const endOfHead = Buffer.from("\r\n\r\n");
const lastChunk = Buffer.from("\r\n0\r\n\r\n");

/** Returns whether a response has arrived. Nothing follows it, because the next request has not been sent. */
function isComplete(response: Buffer): boolean {
  const end = response.indexOf(endOfHead);
  if (end === -1) {
    return false;
  }
  const length = /\r\ncontent-length: *(\d+)/i.exec(response.toString("latin1", 0, end))?.[1];
  return length === undefined
    ? response.subarray(-lastChunk.length).equals(lastChunk)
    : response.length >= end + endOfHead.length + Number(length);
}

const okLine = Buffer.from("HTTP/1.1 200 ");
const grpcOk = Buffer.from("grpc-status: 0\r\n");

function succeeded(response: Buffer, { grpcStatus }: Load): boolean {
  const isOk = response.subarray(0, okLine.length).equals(okLine);
  return isOk && (grpcStatus !== "body" || response.lastIndexOf(grpcOk) !== -1);
}
