import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import type { HttpResponse } from "../../http-handler.ts";
import { nodeHeaders } from "../wires/rpc-call.ts";

/**
 * Sends the response of a stream. Resolves when it has ended; rejects if the body fails or the client is gone. connect-node's
 * own function requires Node's class of requests, because it reads the rest of the request before an early response. In this
 * server, the connection does that.
 */
export async function sendStream(answered: UniversalServerResponse, response: HttpResponse): Promise<void> {
  const chunks = answered.body?.[Symbol.asyncIterator]();
  try {
    // Headers may be set until the first chunk, and trailers until the last.
    let chunk = await chunks?.next();
    response.writeHead(answered.status, nodeHeaders(answered.header ?? new Headers()));
    while (chunks !== undefined && chunk?.done === false) {
      await write(response, chunk.value).catch((error) => {
        chunks.throw?.(error).catch(() => {});
        throw error;
      });
      chunk = await chunks.next();
    }
    if (answered.trailer !== undefined) {
      response.addTrailers(nodeHeaders(answered.trailer));
    }
    response.end();
  } finally {
    chunks?.return?.().catch(() => {});
  }
}

/** Writes a chunk. Resolves when the next one may be written. */
function write(response: HttpResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const written = (error?: Error | null) => (error ? reject(error) : resolve());
    const hasRoom = response.write(chunk, "binary", written);
    if (hasRoom) {
      resolve();
    }
  });
}
