import { EventEmitter } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Http2Request, Listener } from "../http-handler.ts";
import { beginReading, isDiscarded, receiveChunk } from "./messages.ts";

const bitOf: Readonly<Record<string, number>> = { data: 1, end: 2, close: 4, aborted: 8 };

/** A request on an HTTP/2 stream. It listens on the stream only for events that somebody listens to. */
export class Http2StreamRequest extends EventEmitter implements Http2Request {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: string[];
  readonly socket: Socket;
  /** Bits of the events of the stream that are passed on. */
  #heard = 0;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: string[], socket: Socket) {
    super();
    this.stream = stream;
    this.headers = headers;
    this.rawHeaders = rawHeaders;
    this.socket = socket;
    // Without a listener, a reset of the client would be an uncaught error.
    stream.on("error", ignore);
  }

  get httpVersion(): string {
    return "2.0";
  }

  get method(): string {
    return this.headers[":method"] as string;
  }

  get url(): string {
    return (this.headers[":path"] as string | undefined) ?? "";
  }

  set url(url: string) {
    this.headers[":path"] = url;
  }

  /** connect-node reads it. */
  get authority(): string | undefined {
    return (this.headers[":authority"] as string | undefined) ?? this.headers.host;
  }

  get complete(): boolean {
    const { stream } = this;
    return (
      stream.endAfterHeaders ||
      stream.readableEnded ||
      stream.destroyed ||
      stream.closed ||
      stream.state.remoteClose === 1
    );
  }

  get destroyed(): boolean {
    return this.stream.destroyed;
  }

  override on(event: string, listener: Listener): this {
    super.on(event, listener);
    this.#hear(event);
    return this;
  }

  pause(): this {
    if (!isDiscarded(this)) {
      this.stream.pause();
    }
    return this;
  }

  resume(): this {
    this.#hear("data");
    this.stream.resume();
    return this;
  }

  /** Pauses the stream while the pieces that have arrived are not taken. Throws if the body ends early. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const pieces: Buffer[] = [];
    let state = this.destroyed ? "cut" : "open";
    let wake = () => {};
    const onData = (piece: Buffer) => {
      pieces.push(piece);
      this.pause();
      wake();
    };
    const settle = (to: string) => () => {
      state = state === "open" ? to : state;
      wake();
    };
    const [onEnd, onClose] = [settle("ended"), settle("cut")];
    this.on("data", onData).on("end", onEnd).on("close", onClose);
    try {
      while (true) {
        const piece = pieces.shift();
        if (piece !== undefined) {
          yield piece;
        } else if (state === "ended") {
          return;
        } else if (state === "cut") {
          throw new Error("the client closed the stream before the end of the body");
        } else {
          const woken = new Promise<void>((resolve) => {
            wake = resolve;
          });
          this.resume();
          await woken;
        }
      }
    } finally {
      this.off("data", onData).off("end", onEnd).off("close", onClose);
      this.pause();
    }
  }

  #hear(event: string): void {
    const bit = bitOf[event] ?? 0;
    if ((this.#heard & bit) !== 0) {
      return;
    }
    this.#heard |= bit;
    const { stream } = this;
    if (event === "data") {
      beginReading(this);
      stream.on("data", (chunk: Buffer) => receiveChunk(this, chunk) || this.emit("data", chunk));
    } else if (event === "end") {
      // Node's stream also ends when it is reset in the middle of a body.
      const pass = () => stream.aborted || this.emit("end");
      if (stream.readableEnded) {
        // It ends by itself if there was nothing to read.
        process.nextTick(pass);
      } else {
        stream.on("end", pass);
      }
    } else if (bit !== 0) {
      stream.on(event, () => this.emit(event));
    }
  }
}

function ignore(): void {}
