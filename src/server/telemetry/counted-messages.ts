import { IncomingMessage, ServerResponse } from "node:http";
import { Http2ServerRequest, Http2ServerResponse } from "node:http2";

// Classes, for that is how Node lets a server have messages of its own.

const counts = Symbol("bytes of the body");

type Counted = { [counts]?: number };

function count(message: Counted, chunk: unknown, encoding?: unknown): void {
  const length =
    typeof chunk === "string"
      ? Buffer.byteLength(chunk, typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8")
      : chunk instanceof Uint8Array
        ? chunk.length
        : 0;
  message[counts] = (message[counts] ?? 0) + length;
}

/** Returns how many bytes the body of a message has had so far, as they are on the wire; 0 if it is not counted. */
export function countedBytes(message: object): number {
  return (message as Counted)[counts] ?? 0;
}

class CountedRequest extends IncomingMessage {
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    count(this as Counted, chunk);
    return super.push(chunk, encoding);
  }
}

class CountedHttp2Request extends Http2ServerRequest {
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    count(this as Counted, chunk);
    return super.push(chunk, encoding);
  }
}

class CountedResponse extends ServerResponse<IncomingMessage> {
  override write(chunk: unknown, ...rest: unknown[]): boolean {
    count(this as Counted, chunk, rest[0]);
    return super.write(chunk, ...(rest as []));
  }
  override end(...args: unknown[]): this {
    count(this as Counted, args[0], args[1]);
    return super.end(...(args as []));
  }
}

// Its end() calls write().
class CountedHttp2Response extends Http2ServerResponse {
  override write(chunk: unknown, ...rest: unknown[]): boolean {
    count(this as Counted, chunk, rest[0]);
    return super.write(chunk as string, ...(rest as []));
  }
}

/** Options of a node:http server by which the bytes of its messages are counted. */
export const countedHttp1Messages = { IncomingMessage: CountedRequest, ServerResponse: CountedResponse };

/** Likewise of a node:http2 server, for HTTP/1.1 on its port too. */
export const countedHttp2Messages = {
  Http1IncomingMessage: CountedRequest,
  Http1ServerResponse: CountedResponse,
  Http2ServerRequest: CountedHttp2Request,
  Http2ServerResponse: CountedHttp2Response,
};
