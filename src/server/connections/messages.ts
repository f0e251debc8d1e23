import { IncomingMessage, ServerResponse } from "node:http";
import type { HttpRequest, HttpResponse } from "../http-handler.ts";

const counts = Symbol("bytes of the body");
const discarding = Symbol("whether the body is discarded");
const firstRead = Symbol("called when the body is first read");
const pieces = Symbol("pieces in which the body has arrived");
const manyPieces = Symbol("called when the body arrives in too many pieces");
const onChunk = Symbol("called with each piece of the body");
const early = Symbol("pieces that arrived before the request was passed on");

type Counted = { [counts]?: number };
type Body = Counted & {
  [discarding]?: boolean;
  [firstRead]?: (() => void) | undefined;
  [pieces]?: number;
  [manyPieces]?: ((request: HttpRequest) => void) | undefined;
  [onChunk]?: (chunk: Buffer) => void;
  [early]?: Buffer[] | undefined;
};

/**
 * Most chunks (RFC 9112 7.1) or DATA frames of a body whose bytes are fewer than `minPieceBytes` for each: every one costs
 * as much as a kilobyte in one piece. Clients that write small pieces are seldom below that on average.
 */
export const maxPieces = 16_384;
const minPieceBytes = 32;

function count(message: Counted, chunk: unknown, encoding?: unknown): void {
  const length =
    typeof chunk === "string"
      ? Buffer.byteLength(chunk, typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8")
      : chunk instanceof Uint8Array
        ? chunk.length
        : 0;
  message[counts] = (message[counts] ?? 0) + length;
}

/** Counts a piece of a response that is sent. */
export function countSent(response: HttpResponse, chunk: unknown, encoding?: unknown): void {
  count(response as Counted, chunk, encoding);
}

/** Returns the bytes of a message body so far, as sent on the wire; 0 if they are not counted. */
export function countedBytes(message: object): number {
  return (message as Counted)[counts] ?? 0;
}

/**
 * Calls a function once a response is complete or its client is gone. Node closes a response over HTTP/2 only when its
 * request has arrived as well, which may be long after an early answer.
 */
export function onceAnswered(response: HttpResponse, act: () => void): void {
  let isAnswered = false;
  function settle(): void {
    if (!isAnswered) {
      isAnswered = true;
      act();
    }
  }
  if ("stream" in response) {
    response.stream.on("finish", settle);
  }
  response.on("close", settle);
}

/** Drops what arrives from now on of a request's body, even if its handler has stopped reading it. */
export function discardBody(request: HttpRequest): void {
  (request as Body)[discarding] = true;
}

/** Whether the body of a request is discarded. */
export function isDiscarded(request: HttpRequest): boolean {
  return (request as Body)[discarding] === true;
}

/** Calls a function once, when the body of a request is first read. */
export function onFirstRead(request: HttpRequest, begin: () => void): void {
  (request as Body)[firstRead] = begin;
}

/**
 * Calls a function with each piece of the body of a request when it arrives, read or not. The pieces share their memory
 * with the connection's: copy what is to be kept.
 */
export function onBodyChunk(request: HttpRequest, see: (chunk: Buffer) => void): void {
  const body = request as Body;
  body[onChunk] = see;
  for (const chunk of body[early] ?? []) {
    see(chunk);
  }
}

/** Keeps the pieces of a body for `onBodyChunk` until the returned function is called: its request is passed on later. */
export function keepEarlyChunks(request: HttpRequest): () => void {
  const body = request as Body;
  body[early] = [];
  return function forget() {
    body[early] = undefined;
  };
}

/** Whether a body arrives in too many small pieces. */
function areTooMany(pieces: number, bytes: number): boolean {
  return pieces > maxPieces && pieces * minPieceBytes > bytes;
}

/** Calls a function once if the body of a request arrives in too many small pieces; the rest of it is discarded. */
export function onManyPieces(request: HttpRequest, act: (request: HttpRequest) => void): void {
  (request as Body)[manyPieces] = act;
}

/** Counts a piece that has arrived of a body, and returns whether it is discarded. */
export function receiveChunk(request: HttpRequest, chunk: Buffer): boolean {
  const body = request as Body;
  count(body, chunk);
  body[onChunk]?.(chunk);
  body[early]?.push(chunk);
  body[pieces] = (body[pieces] ?? 0) + 1;
  if (areTooMany(body[pieces], countedBytes(body))) {
    body[discarding] = true;
    const act = body[manyPieces];
    body[manyPieces] = undefined;
    act?.(request);
  }
  return isDiscarded(request);
}

/** Whether the function given to `onFirstRead` has not been called. */
export function isUnread(request: HttpRequest): boolean {
  return (request as Body)[firstRead] !== undefined;
}

/** Calls what was given to `onFirstRead`, when the body is first read. */
export function beginReading(request: HttpRequest): void {
  const body = request as Body;
  const call = body[firstRead];
  body[firstRead] = undefined;
  call?.();
}

// Node accepts request and response types of HTTP/1.1 only as subclasses.

class ServerRequest extends IncomingMessage {
  override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    return (chunk !== null && receiveChunk(this, chunk)) || super.push(chunk, encoding);
  }
  override _read(size: number): void {
    beginReading(this);
    super._read(size);
  }
  /** Node calls this after a response whose request was not read. Its own function would stop the count of pieces. */
  _dump(): void {
    discardBody(this);
    this.resume();
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

/** Options of a node:http server whose messages count their bytes, and whose requests have the functions above. */
export const http1Messages: {
  IncomingMessage: typeof IncomingMessage;
  ServerResponse: typeof ServerResponse<IncomingMessage>;
} = { IncomingMessage: ServerRequest, ServerResponse: CountedResponse };

/** The same for HTTP/1.1 on the port of a node:http2 server. */
export const http1MessagesOfTls: {
  Http1IncomingMessage: typeof IncomingMessage;
  Http1ServerResponse: typeof ServerResponse<IncomingMessage>;
} = { Http1IncomingMessage: ServerRequest, Http1ServerResponse: CountedResponse };
