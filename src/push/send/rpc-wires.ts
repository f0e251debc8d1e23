import { requestHeaderWithCompression as connectHeader } from "@connectrpc/connect/protocol-connect";
import { requestHeaderWithCompression as grpcHeader } from "@connectrpc/connect/protocol-grpc";
import { requestHeaderWithCompression as webHeader } from "@connectrpc/connect/protocol-grpc-web";
import { type RpcProtocol, rpcDefaults } from "../../client/transport.ts";
import type { Answer, Exchange } from "./exchange.ts";
import { createHttp1Exchange } from "./http1-exchange.ts";
import { createHttp2Exchange } from "./http2-exchange.ts";

/** How a protocol of RPC sends a message and answers that it was accepted. */
export type RpcWire = {
  /** Opens connections to an origin, with a timeout of the requests in milliseconds and certificates to trust. */
  connect(origin: string, timeoutMs: number, ca?: string): Exchange;
  /** Returns the headers of a request that has no token yet. */
  headers(timeoutMs: number): Headers;
  /** Returns the body of a request with an encoded message. */
  bodyOf(message: Uint8Array): Uint8Array;
  /**
   * Returns the message of an answer that is a success in its plainest form: one message, not compressed, and an empty
   * status. Returns undefined for any other answer, which must be read by the rules of the protocol.
   */
  plainMessage(answer: Answer): Uint8Array | undefined;
};

const { acceptCompression, sendCompression } = rpcDefaults;

const grpcTypes: readonly unknown[] = ["application/grpc", "application/grpc+proto"];
const webTypes: readonly unknown[] = ["application/grpc-web", "application/grpc-web+proto"];

/** The wires of RPC, with the headers of this project's client. */
export const rpcWires: Readonly<Record<RpcProtocol, RpcWire>> = {
  connect: {
    connect: createHttp1Exchange,
    headers: (timeoutMs) =>
      connectHeader("unary", true, timeoutMs, undefined, acceptCompression, sendCompression, true),
    bodyOf: (message) => message,
    plainMessage: ({ status, headers, body }) =>
      status === 200 &&
      headers["content-type"] === "application/proto" &&
      headers["content-encoding"] === undefined
        ? body
        : undefined,
  },
  grpc: {
    connect: createHttp2Exchange,
    headers: (timeoutMs) => grpcHeader(true, timeoutMs, undefined, acceptCompression, sendCompression),
    bodyOf: frameOf,
    plainMessage: ({ status, headers, body, trailers }) =>
      status === 200 &&
      grpcTypes.includes(headers["content-type"]) &&
      isBare(headers) &&
      trailers?.["grpc-status"] === "0" &&
      trailers["grpc-status-details-bin"] === undefined &&
      endOfFrame(body) === body.length
        ? body.subarray(headLength)
        : undefined,
  },
  "grpc-web": {
    connect: createHttp1Exchange,
    headers: (timeoutMs) => webHeader(true, timeoutMs, undefined, acceptCompression, sendCompression, true),
    bodyOf: frameOf,
    plainMessage({ status, headers, body }) {
      const end = endOfFrame(body);
      return status === 200 &&
        webTypes.includes(headers["content-type"]) &&
        isBare(headers) &&
        isOkFrame(body, end)
        ? body.subarray(headLength, end)
        : undefined;
    },
  },
};

const headLength = 5;

/** First byte of the last frame of gRPC-Web, which has the trailers. */
const trailersFlag = 0x80;

/** Returns the frame of a message: a byte of flags, the length in four bytes, and the message. */
function frameOf(message: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(headLength + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, headLength);
  return frame;
}

/** Returns where the first frame ends if it is whole and not compressed, and otherwise -1. */
function endOfFrame(body: Buffer): number {
  if (body.length < headLength || body[0] !== 0) {
    return -1;
  }
  const end = headLength + body.readUInt32BE(1);
  return end <= body.length ? end : -1;
}

/** Whether the rest of a body is the frame of trailers that have the status 0 only. */
function isOkFrame(body: Buffer, at: number): boolean {
  return (
    at !== -1 &&
    body.length >= at + headLength &&
    body[at] === trailersFlag &&
    at + headLength + body.readUInt32BE(at + 1) === body.length &&
    /^grpc-status: ?0(?:\r\n(?:grpc-message: ?(?:\r\n)?)?)?$/i.test(body.toString("latin1", at + headLength))
  );
}

/** Whether headers of gRPC have no status and name no encoding. */
function isBare(headers: Answer["headers"]): boolean {
  return (
    headers["grpc-encoding"] === undefined &&
    headers["grpc-status"] === undefined &&
    headers["grpc-status-details-bin"] === undefined
  );
}
