import type { ServerResponse } from "node:http";
import type { HttpResponse } from "../../server/http-handler.ts";
import { cutAfter, cutNow } from "../../transcoding/index.ts";

/** Cuts the connection of a call now. What its handler writes from then on is dropped. */
export function cutConnection(response: HttpResponse): void {
  drop(response);
  cutNow(response);
}

/**
 * Cuts the connection of a call when its handler has written the answer, of which nothing is sent or half: the whole header
 * and half of the body. Nothing is sent of an answer to HEAD, which has no body.
 */
export function cutAnswer(response: HttpResponse, sent: "nothing" | "half"): void {
  const answer = response as ServerResponse;
  const chunks: Buffer[] = [];
  if (sent === "nothing" || response.req.method === "HEAD") {
    drop(response);
    answer.end = function cutBefore() {
      cutConnection(response);
      return answer;
    };
    return;
  }

  answer.write = function collect(chunk: string | Uint8Array, encoding?: unknown) {
    chunks.push(bytesOf(chunk, encoding));
    return true;
  };
  answer.end = function cutWithin(chunk?: unknown, encoding?: unknown) {
    if (typeof chunk === "string" || chunk instanceof Uint8Array) {
      chunks.push(bytesOf(chunk, encoding));
    }
    restore(answer);
    const body = Buffer.concat(chunks);
    if (body.length === 0) {
      removeGrpcStatus(answer);
    }
    cutAfter(response, body.subarray(0, body.length >> 1));
    drop(response);
    return answer;
  };
}

/** Without a body, gRPC has its status in the header: with it the answer would be complete. */
function removeGrpcStatus(answer: ServerResponse): void {
  for (const name of ["grpc-status", "grpc-message", "grpc-status-details-bin"]) {
    answer.removeHeader(name);
  }
}

/** Lets a response ignore what is written to it. */
function drop(response: HttpResponse): void {
  const answer = response as ServerResponse;
  answer.writeHead = () => answer;
  answer.write = () => true;
  answer.end = () => answer;
}

/** Undoes what overrode the functions of a response. */
function restore(answer: Partial<ServerResponse>): void {
  delete answer.write;
  delete answer.end;
}

function bytesOf(chunk: string | Uint8Array, encoding: unknown): Buffer {
  return typeof chunk === "string" ? Buffer.from(chunk, encoding as BufferEncoding) : Buffer.from(chunk);
}
