import { type OutgoingHttpHeaders, validateHeaderName, validateHeaderValue } from "node:http";
import type { ServerHttp2Stream, ServerStreamResponseOptions } from "node:http2";
import type { HeaderValue, Http2Request, Http2Response, Listener, WriteCallback } from "../http-handler.ts";
import { countSent } from "./messages.ts";

type Fields = Record<string, HeaderValue>;

/** Fields of one connection (RFC 9113 8.2.2). They are dropped. */
const connectionFields: ReadonlySet<string> = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** Statuses of responses that have no body. */
const bodilessStatuses: ReadonlySet<number> = new Set([204, 205, 304]);

/** Trailers may follow as well. */
const bodyFollows: ServerStreamResponseOptions = { waitForTrailers: true };
const lastPieceFollows: ServerStreamResponseOptions = {};
const nothingFollows: ServerStreamResponseOptions = { endStream: true };

/** The response on an HTTP/2 stream, in as few frames as it needs. */
export class Http2StreamResponse implements Http2Response {
  readonly req: Http2Request;
  readonly stream: ServerHttp2Stream;
  statusCode = 200;
  #fields: Fields = {};
  /** All fields, once `writeHead` has been called. */
  #head: Fields | undefined;
  #trailers: Fields | undefined;
  #isEnded = false;

  constructor(request: Http2Request) {
    this.req = request;
    this.stream = request.stream;
  }

  get headersSent(): boolean {
    return this.#head !== undefined || this.stream.headersSent;
  }

  get writableEnded(): boolean {
    return this.#isEnded;
  }

  get writableFinished(): boolean {
    // Node's stream ends when it is closed, and that of a HEAD request at once.
    return this.#isEnded && this.stream.writableFinished;
  }

  get destroyed(): boolean {
    return this.stream.destroyed;
  }

  setHeader(name: string, value: HeaderValue): this {
    this.#requireUnsent();
    put(this.#fields, name, value);
    return this;
  }

  appendHeader(name: string, value: string | string[]): this {
    this.#requireUnsent();
    append(this.#fields, name, value);
    return this;
  }

  getHeader(name: string): HeaderValue | undefined {
    const key = name.toLowerCase();
    const fields = this.#head ?? this.#fields;
    return Object.hasOwn(fields, key) ? fields[key] : undefined;
  }

  getHeaders(): OutgoingHttpHeaders {
    return { ...(this.#head ?? this.#fields) } as OutgoingHttpHeaders;
  }

  hasHeader(name: string): boolean {
    return Object.hasOwn(this.#head ?? this.#fields, name.toLowerCase());
  }

  /** Unlike Node's class, also after `writeHead`, as long as nothing has been sent. */
  removeHeader(name: string): void {
    const key = name.toLowerCase();
    delete this.#fields[key];
    delete this.#head?.[key];
  }

  writeHead(status: number, headers?: OutgoingHttpHeaders | readonly HeaderValue[]): this {
    if (this.#isGone()) {
      return this;
    }
    this.#requireUnsent();
    const head: Fields = {};
    if (Array.isArray(headers)) {
      for (let at = 0; at < headers.length; at += 2) {
        append(head, headers[at] as string, headers[at + 1] as HeaderValue);
      }
    } else {
      const fields = headers as Readonly<Record<string, HeaderValue>> | undefined;
      for (const name in fields) {
        put(head, name, fields[name] as HeaderValue);
      }
    }
    for (const name of Object.keys(this.#fields)) {
      if (!Object.hasOwn(head, name)) {
        head[name] = this.#fields[name] as HeaderValue;
      }
    }
    this.statusCode = status;
    this.#head = head;
    return this;
  }

  /** Node's types lack it for HTTP/2. */
  flushHeaders(): void {
    if (!this.#isGone() && !this.stream.headersSent) {
      this.#respond(bodyFollows);
    }
  }

  addTrailers(trailers: OutgoingHttpHeaders): void {
    this.#trailers ??= {};
    for (const [name, value] of Object.entries(trailers)) {
      put(this.#trailers, name, value as HeaderValue);
    }
  }

  writeContinue(): void {
    if (!this.#isGone() && !this.stream.headersSent) {
      this.stream.additionalHeaders({ ":status": 100 });
    }
  }

  write(
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | WriteCallback,
    callback?: WriteCallback,
  ): boolean {
    if (typeof encoding === "function") {
      return this.write(chunk, undefined, encoding);
    }
    const { stream } = this;
    if (this.#isEnded || this.#isGone()) {
      callback && process.nextTick(callback, new Error("the response has ended, or its client is gone"));
      return false;
    }
    if (!stream.headersSent) {
      this.#respond(bodyFollows);
    }
    if (this.#isBodiless()) {
      callback && process.nextTick(callback);
      return true;
    }
    countSent(this, chunk, encoding);
    return stream.write(chunk, encoding as BufferEncoding, callback);
  }

  end(chunk?: string | Uint8Array | null, encoding?: BufferEncoding, callback?: () => void): this {
    const { stream } = this;
    if (this.#isEnded || this.#isGone()) {
      callback && process.nextTick(callback);
      return this;
    }
    const hasBody = chunk !== undefined && chunk !== null && chunk.length > 0 && !this.#isBodiless();
    if (!stream.headersSent) {
      this.#respond(this.#trailers !== undefined ? bodyFollows : hasBody ? lastPieceFollows : nothingFollows);
    }
    this.#isEnded = true;
    if (stream.readableFlowing === null && !this.req.complete) {
      // Node would reset a stream whose body is not being read. bodies.ts ends it.
      stream.pause();
    }
    if (this.#trailers !== undefined) {
      stream.once("wantTrailers", () => this.#sendTrailers());
    }
    if (hasBody) {
      countSent(this, chunk, encoding);
      stream.end(chunk, encoding as BufferEncoding, callback);
    } else {
      stream.end(callback);
    }
    return this;
  }

  destroy(error?: Error): this {
    this.stream.destroy(error);
    return this;
  }

  on(event: string, listener: Listener): this {
    this.stream.on(event, listener);
    return this;
  }

  once(event: string, listener: Listener): this {
    this.stream.once(event, listener);
    return this;
  }

  off(event: string, listener: Listener): this {
    this.stream.off(event, listener);
    return this;
  }

  /** Whether nothing can be sent any more. */
  #isGone(): boolean {
    return this.stream.destroyed || this.stream.closed;
  }

  #isBodiless(): boolean {
    return this.req.method === "HEAD" || bodilessStatuses.has(this.statusCode);
  }

  #requireUnsent(): void {
    if (this.headersSent) {
      throw new Error("the header of the response has been sent");
    }
  }

  /** Sends the header frame. */
  #respond(next: ServerStreamResponseOptions): void {
    const fields: OutgoingHttpHeaders = this.#head ?? this.#fields;
    fields[":status"] = this.statusCode;
    try {
      this.stream.respond(fields, this.#isBodiless() ? nothingFollows : next);
    } catch (error) {
      // So that an error can be answered instead.
      this.#head = undefined;
      throw error;
    }
  }

  #sendTrailers(): void {
    try {
      this.stream.sendTrailers(this.#trailers as OutgoingHttpHeaders);
    } catch (error) {
      this.stream.destroy(error as Error);
    }
  }
}

function keyOf(name: string): string | undefined {
  validateHeaderName(name);
  const key = name.toLowerCase();
  return connectionFields.has(key) ? undefined : key;
}

function put(fields: Fields, name: string, value: HeaderValue): void {
  const key = keyOf(name);
  if (key !== undefined) {
    requireValid(key, value);
    fields[key] = value;
  }
}

function append(fields: Fields, name: string, value: HeaderValue): void {
  const key = keyOf(name);
  if (key === undefined) {
    return;
  }
  requireValid(key, value);
  const before = Object.hasOwn(fields, key) ? fields[key] : undefined;
  fields[key] = before === undefined ? value : [before, value].flat().map(String);
}

/** Throws if a value cannot be sent: it could end its line, and what follows would be another field. */
function requireValid(name: string, value: HeaderValue): void {
  if (Array.isArray(value)) {
    for (const each of value) {
      validateHeaderValue(name, each);
    }
  } else {
    validateHeaderValue(name, value as string);
  }
}
