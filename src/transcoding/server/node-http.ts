import type { EventEmitter } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";

export type NodeRequest = IncomingMessage | Http2Request;

export type NodeResponse = ServerResponse | Http2Response;

/** Sends an answer to a request. */
export type NodeHandler = (request: NodeRequest, response: NodeResponse) => void;

/** A request over HTTP/2: Node's `Http2ServerRequest`, or one of a server that has less to do. */
export interface Http2Request extends Events, AsyncIterable<Buffer> {
  readonly stream: ServerHttp2Stream;
  readonly socket: Socket;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: string[];
  readonly httpVersion: string;
  readonly method: string;
  /** Path and query. */
  url: string;
  /** Whether the whole body has arrived, or its client is gone. */
  readonly complete: boolean;
  readonly destroyed: boolean;
  pause(): this;
  resume(): this;
}

/** The response to a request over HTTP/2: Node's `Http2ServerResponse`, or one of a server that has less to do. */
export interface Http2Response extends Events {
  readonly stream: ServerHttp2Stream;
  readonly req: Http2Request;
  statusCode: number;
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly writableFinished: boolean;
  readonly destroyed?: boolean;
  setHeader(name: string, value: HeaderValue): unknown;
  appendHeader(name: string, value: string | string[]): unknown;
  getHeader(name: string): HeaderValue | undefined;
  getHeaders(): OutgoingHttpHeaders;
  hasHeader(name: string): boolean;
  removeHeader(name: string): void;
  /** `headers`: an object, or names and values in turn. They replace those of the same name. */
  writeHead(status: number, headers?: OutgoingHttpHeaders): this;
  addTrailers(trailers: OutgoingHttpHeaders): void;
  writeContinue(): void;
  write(chunk: string | Uint8Array, encoding: BufferEncoding, callback?: WriteCallback): boolean;
  end(chunk?: string | Uint8Array, encoding?: BufferEncoding, callback?: () => void): this;
  destroy(error?: Error): unknown;
}

export type HeaderValue = number | string | string[];

export type WriteCallback = (error?: Error | null) => void;

/** A listener of any event. */
export type Listener = Parameters<EventEmitter["on"]>[1];

interface Events {
  on(event: string, listener: Listener): this;
  once(event: string, listener: Listener): this;
  off(event: string, listener: Listener): this;
}

/** Returns whether the client has disconnected, so that nothing can be written. */
export function isGone(response: NodeResponse): boolean {
  // A response over HTTP/2 does not report this itself.
  return "stream" in response ? response.stream.destroyed : response.destroyed;
}
