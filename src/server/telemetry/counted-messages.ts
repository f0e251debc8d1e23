import { IncomingMessage, ServerResponse } from "node:http";
import { Http2ServerRequest, Http2ServerResponse } from "node:http2";

// Node accepts custom request and response types only as subclasses.

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

/** Returns the bytes of a message body so far, as sent on the wire; 0 if they are not counted. */
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

/** Options of a node:http server that count the bytes of its messages. */
export const countedHttp1Messages: {
  IncomingMessage: typeof IncomingMessage;
  ServerResponse: typeof ServerResponse<IncomingMessage>;
} = { IncomingMessage: CountedRequest, ServerResponse: CountedResponse };

/** The same for a node:http2 server, including HTTP/1.1 on its port. */
export const countedHttp2Messages: {
  Http1IncomingMessage: typeof IncomingMessage;
  Http1ServerResponse: typeof ServerResponse<IncomingMessage>;
  Http2ServerRequest: typeof Http2ServerRequest;
  Http2ServerResponse: typeof Http2ServerResponse<Http2ServerRequest>;
} = {
  Http1IncomingMessage: CountedRequest,
  Http1ServerResponse: CountedResponse,
  Http2ServerRequest: CountedHttp2Request,
  Http2ServerResponse: CountedHttp2Response,
};
