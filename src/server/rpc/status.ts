import type { Code } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import type { RequestRecord } from "../telemetry/request-record.ts";

/**
 * Notes the status of an answer that connect-node gives by itself, such as a passed deadline: HTTP's says nothing of it.
 * gRPC has it in the header, where there is no message; gRPC-Web in a last frame of the body.
 */
export function noteStatus(
  response: UniversalServerResponse,
  record: RequestRecord | undefined,
): UniversalServerResponse {
  if (record === undefined || record.failure !== undefined) {
    return response;
  }
  const status = response.header?.get("grpc-status");
  if (status) {
    note(record, Number(status));
    return response;
  }
  const isWeb = response.header?.get("content-type")?.startsWith("application/grpc-web");
  return isWeb && isFrames(response.body) ? { ...response, body: watched(response.body, record) } : response;
}

function note(record: RequestRecord, status: number): void {
  if (status > 0 && status <= 16) {
    record.failure = { code: status as Code, reason: undefined };
  }
}

function isFrames(body: UniversalServerResponse["body"]): body is AsyncIterable<Uint8Array> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

/** First byte of a frame of trailers (gRPC-Web, Protocol differences vs gRPC over HTTP2). */
const trailersFlag = 0x80;

async function* watched(
  frames: AsyncIterable<Uint8Array>,
  record: RequestRecord,
): AsyncGenerator<Uint8Array> {
  for await (const frame of frames) {
    if (((frame[0] ?? 0) & trailersFlag) !== 0 && record.failure === undefined) {
      const text = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString("latin1");
      note(record, Number(/grpc-status: *(\d+)/i.exec(text)?.[1] ?? 0));
    }
    yield frame;
  }
}
