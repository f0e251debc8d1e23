import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { type CallFacts, settleOutcome } from "../../telemetry/call-facts.ts";
import { isChunks } from "../frames.ts";

/**
 * Settles the outcome of a call by the gRPC status of its response: connect-node answers some calls without an
 * implementation, such as one whose deadline has passed, and the HTTP status does not show it. gRPC sends the status in
 * the header if there is no message, gRPC-Web in the last frame of the body.
 */
export function settleByStatus(
  response: UniversalServerResponse,
  call: CallFacts | undefined,
): UniversalServerResponse {
  if (call === undefined || call.outcome !== undefined) {
    return response;
  }
  const status = response.header?.get("grpc-status");
  if (status) {
    settleOutcome(call, { grpcStatus: Number(status) });
    return response;
  }
  const isWeb = response.header?.get("content-type")?.startsWith("application/grpc-web");
  return isWeb && isChunks(response.body)
    ? { ...response, body: watchStatus(response.body, call) }
    : response;
}

/** First byte of a frame of trailers (gRPC-Web, Protocol differences vs gRPC over HTTP2). */
const trailersFlag = 0x80;

async function* watchStatus(frames: AsyncIterable<Uint8Array>, call: CallFacts): AsyncGenerator<Uint8Array> {
  for await (const frame of frames) {
    if (((frame[0] ?? 0) & trailersFlag) !== 0) {
      const text = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString("latin1");
      settleOutcome(call, { grpcStatus: Number(/grpc-status: *(\d+)/i.exec(text)?.[1] ?? 0) });
    }
    yield frame;
  }
}
