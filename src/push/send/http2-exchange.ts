import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { Socket } from "node:net";
import { proxyFor } from "../../network/proxy.ts";
import { connectThrough } from "../../network/tunnel.ts";
import {
  type Answer,
  type AnswerHeaders,
  connectionFailed,
  cutOff,
  type Exchange,
  type HttpRequest,
  maxAnswerSize,
  type NoAnswer,
  sendTwice,
  stopped,
  timedOut,
  tooLong,
  wasReset,
} from "./exchange.ts";

/** A connection that takes requests. */
type Connection = {
  readonly session: ClientHttp2Session;
  socket: Socket | undefined;
  inFlight: number;
  /** Requests that the server accepts at a time. */
  limit: number;
};

/** Connections that take requests at a time. Beyond them, requests wait in a session for an earlier one to end. */
const maxConnections = 16;

/** Memory of a connection, in MB. By default, Node rejects requests when those in flight take more than 10 MB. */
const maxSessionMemory = 1024;

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

/**
 * Creates the connections to a server for gRPC: HTTP/2, over TLS or with prior knowledge. Opens another connection when
 * those that are open have as many requests as the server accepts. One that the server wants to close, that broke, or
 * that did not answer a request in time, gets no further request. `ca` has PEM certificates to trust instead of the
 * well-known ones.
 */
export function createHttp2Exchange(origin: string, timeoutMs: number, ca?: string): Exchange {
  const openSocket = tunnelTo(new URL(origin), timeoutMs, ca);
  /** Those that take further requests. */
  const connections: Connection[] = [];
  const sessions = new Set<ClientHttp2Session>();
  /** Those that are open. A session that was closed waits for the server to close its socket, perhaps for ever. */
  const sockets = new Set<Socket>();
  /** Resolves when the connection that is being opened takes requests, or with the reason why not. */
  let opening: Promise<NoAnswer | undefined> | undefined;
  let isClosed = false;
  const closing = new AbortController();
  /** Sessions that take no requests yet. */
  const connecting = new Set<ClientHttp2Session>();

  /** Returns the connection for the next request, if one must not be opened first. */
  function findConnection(): Connection | undefined {
    const free = connections.find(({ inFlight, limit }) => inFlight < limit);
    return free === undefined && connections.length >= maxConnections ? leastLoaded() : free;
  }

  function leastLoaded(): Connection | undefined {
    return connections.toSorted((a, b) => a.inFlight - b.inFlight)[0];
  }

  async function openConnection(): Promise<NoAnswer | undefined> {
    if (closing.signal.aborted) {
      return stopped;
    }
    let socket: Socket | undefined;
    try {
      socket = await openSocket?.(closing.signal);
    } catch (error) {
      return isClosed ? stopped : connectionFailed(error as Error, false);
    }
    return startSession(socket);
  }

  function stopConnecting(): void {
    closing.abort();
    for (const session of connecting) {
      session.destroy();
    }
  }

  /** Starts HTTP/2, on a socket if there is one yet. */
  function startSession(opened: Socket | undefined): Promise<NoAnswer | undefined> {
    return new Promise((resolve) => {
      const session = connect(origin, {
        maxSessionMemory,
        ...(ca !== undefined && { ca }),
        ...(opened && { createConnection: () => opened }),
      });
      const connection: Connection = { session, socket: undefined, inFlight: 0, limit: 0 };
      sessions.add(session);
      connecting.add(session);
      let problem: NoAnswer = { ...wasReset, isSent: false };
      const timer = setTimeout(() => {
        problem = timedOut(timeoutMs, false);
        session.destroy();
      }, timeoutMs);
      session.once("connect", (_, socket) => {
        connection.socket = socket;
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
      });
      // Not before, because the server may reject requests beyond its limit.
      session.once("remoteSettings", () => {
        clearTimeout(timer);
        connecting.delete(session);
        connections.push(connection);
        resolve(undefined);
      });
      session.on("remoteSettings", ({ maxConcurrentStreams = Number.POSITIVE_INFINITY }) => {
        connection.limit = maxConcurrentStreams;
      });
      session.on("goaway", () => retire(connection));
      session.on("error", (error) => {
        problem = connectionFailed(error, false);
        retire(connection);
      });
      session.on("close", () => {
        clearTimeout(timer);
        retire(connection);
        sessions.delete(session);
        connecting.delete(session);
        resolve(isClosed ? stopped : problem);
      });
    });
  }

  /** Sends no further request on a connection, and closes it after those in flight, or when they have timed out. */
  function retire(connection: Connection): void {
    const place = connections.indexOf(connection);
    if (place !== -1) {
      connections.splice(place, 1);
      connection.session.close();
      const { socket } = connection;
      if (socket?.destroyed === false) {
        const timer = setTimeout(() => socket.destroy(), timeoutMs);
        socket.once("close", () => clearTimeout(timer));
      }
    }
  }

  /** Resolves with `undefined` if the connection was closed without an answer. */
  async function attempt(request: HttpRequest): Promise<Answer | NoAnswer | undefined> {
    // Bounded, because a server may close every connection as soon as it is open.
    for (let tries = 0; tries <= maxConnections && !isClosed; tries++) {
      const connection = findConnection();
      if (connection !== undefined) {
        return sendOn(connection, request);
      }
      opening ??= openConnection().finally(() => {
        opening = undefined;
      });
      const problem = await opening;
      if (problem !== undefined) {
        const busy = leastLoaded();
        return busy === undefined ? problem : sendOn(busy, request);
      }
    }
    return isClosed ? stopped : { ...wasReset, isSent: false };
  }

  function sendOn(
    connection: Connection,
    { path, headers, body }: HttpRequest,
  ): Promise<Answer | NoAnswer | undefined> {
    let stream: ClientHttp2Stream;
    try {
      stream = connection.session.request({ ":method": "POST", ":path": path, ...headers });
    } catch (error) {
      const { closed, destroyed } = connection.session;
      if (closed || destroyed) {
        // It may not have reported that yet.
        retire(connection);
        return Promise.resolve(undefined);
      }
      // A header is invalid.
      return Promise.resolve(connectionFailed(error as Error, false));
    }
    connection.inFlight += 1;
    return new Promise((resolve) => {
      const settle = (outcome: Answer | NoAnswer | undefined) => {
        clearTimeout(timer);
        connection.inFlight -= 1;
        if (outcome === undefined && stream.id === undefined) {
          // The connection has no ids left, or was closed.
          retire(connection);
        }
        resolve(isClosed ? stopped : outcome);
      };
      const abort = collectAnswer(stream, connection.session, settle);
      const timer = setTimeout(() => {
        abort(timedOut(timeoutMs, true));
        // Perhaps nothing arrives on this connection any more.
        retire(connection);
      }, timeoutMs);
      stream.end(body);
    });
  }

  return {
    send: (request) => sendTwice(() => attempt(request)),
    stopConnecting,
    close() {
      isClosed = true;
      stopConnecting();
      for (const session of sessions) {
        session.destroy();
      }
      // Later, so that sessions can write that they end.
      setImmediate(() => {
        for (const socket of sockets) {
          socket.destroy();
        }
      });
    },
  };
}

/** Returns how to open a socket to the host of a URL, if that is done through a proxy. */
function tunnelTo(
  url: URL,
  timeoutMs: number,
  ca: string | undefined,
): ((signal: AbortSignal) => Promise<Socket>) | undefined {
  const proxy = proxyFor(url);
  return proxy && ((signal) => connectThrough(proxy, url, { ca, timeoutMs, protocols: ["h2"], signal }));
}

/**
 * Collects the answer on a stream and passes it to `settle`, once; `undefined` if the connection was closed before an answer
 * began. Returns a function that ends the stream with a problem.
 */
function collectAnswer(
  stream: ClientHttp2Stream,
  session: ClientHttp2Session,
  settle: (outcome: Answer | NoAnswer | undefined) => void,
): (problem: NoAnswer) => void {
  let headers: AnswerHeaders | undefined;
  let trailers: AnswerHeaders | undefined;
  let failure: Error | undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  let isSettled = false;

  function abort(problem: NoAnswer): void {
    if (!isSettled) {
      isSettled = true;
      stream.close(NGHTTP2_CANCEL);
      settle(problem);
    }
  }

  stream.on("response", (received) => {
    headers = received as AnswerHeaders;
  });
  stream.on("trailers", (received) => {
    trailers = received as AnswerHeaders;
  });
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxAnswerSize) {
      abort(tooLong);
    }
  });
  stream.on("end", () => {
    if (!stream.writableFinished) {
      // An answer that does not depend on the rest of the request.
      stream.close(NGHTTP2_NO_ERROR);
    }
  });
  stream.on("error", (error) => {
    failure = error;
  });
  // Not at the end, which streams that are reset have too.
  stream.on("close", () => {
    if (isSettled) {
      return;
    }
    isSettled = true;
    if (headers === undefined || failure !== undefined || stream.rstCode !== NGHTTP2_NO_ERROR) {
      settle(problemOf(session, stream.rstCode, failure, headers !== undefined));
      return;
    }
    const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    settle({ status: Number(headers[":status"]), headers, body, trailers });
  });
  return abort;
}

/** Names of the error codes of HTTP/2 (RFC 9113 7), by code. */
const resetNames = [
  ...[
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
  ],
  ...[
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
  ],
  ...["INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"],
];

/** Error codes of a connection that ended, perhaps before the request reached the server. */
const closedCodes = [
  "ECONNRESET",
  "EPIPE",
  "ERR_HTTP2_GOAWAY_SESSION",
  "ERR_HTTP2_INVALID_SESSION",
  "ERR_HTTP2_OUT_OF_STREAMS",
  "ERR_HTTP2_STREAM_CANCEL",
];

/** Returns why a stream ended without an answer, or `undefined` if the connection ended before one began. */
function problemOf(
  session: ClientHttp2Session,
  rstCode = NGHTTP2_NO_ERROR,
  failure: NodeJS.ErrnoException | undefined,
  hasBegun: boolean,
): NoAnswer | undefined {
  // If the connection failed, its error is the cause of that of the stream.
  const error = (failure?.cause ?? failure) as NodeJS.ErrnoException | undefined;
  const { code = "" } = error ?? {};
  // Streams of a connection that the server closed have no error.
  const isClosed = closedCodes.includes(code) || (error === undefined && session.destroyed);
  if (!hasBegun && (isClosed || rstCode === NGHTTP2_REFUSED_STREAM)) {
    return undefined;
  }
  if (isClosed) {
    return cutOff;
  }
  if (error !== undefined && code !== "ERR_HTTP2_STREAM_ERROR") {
    return connectionFailed(error, true);
  }
  const name = `${resetNames[rstCode] ?? "unknown"} (0x${rstCode.toString(16)})`;
  return { problem: `http/2 stream closed with error code ${name}`, isTimeout: false, isSent: true };
}
