import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo, Server, Socket } from "node:net";
import { isIPv6 } from "node:net";
import { countedMessages } from "./counted-messages.ts";

/** Answers HTTP/1.1 and HTTP/2 requests alike. */
export type RequestListener = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void;

export type ListenerOptions = {
  host: string;
  /** 0 picks a free port. */
  port: number;
  /** PEM texts. With them the port speaks TLS only, HTTP/1.1 and HTTP/2 by ALPN. */
  tls?: { cert: string; key: string } | undefined;
  limits?: unknown;
  onRefused?: ((cause: string) => void) | undefined;
};

/** An open port. */
export type Listener = {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /**
   * Stops accepting, sends GOAWAY to HTTP/2 clients, lets running requests finish, and cuts what is left after
   * `graceMs` milliseconds.
   */
  close(graceMs: number): Promise<void>;
  connections(): number;
  reloadTls(tls: { readonly cert: string; readonly key: string }): void;
  drain(): void;
};

/** Bounds on clients that send slowly, in milliseconds. */
const timeouts = { headersTimeout: 20_000, requestTimeout: 60_000, keepAliveTimeout: 65_000 };
const http2Settings = { settings: { maxConcurrentStreams: 1_000 } };

/** How long a new connection may stay silent before it is clear which HTTP it speaks, in milliseconds. */
const sniffTimeoutMs = 10_000;

/** Opens one port for HTTP/1.1 and HTTP/2. Rejects with the error of the system, such as EADDRINUSE. */
export async function listen(options: ListenerOptions, onRequest: RequestListener): Promise<Listener> {
  const sessions = new Set<ServerHttp2Session>();
  const undecided = new Set<Socket>();
  const server = options.tls
    ? createTlsServer(options.tls, onRequest, undecided)
    : createCleartextServer(onRequest, sessions, undecided);
  server.on("session", (session: ServerHttp2Session) => track(sessions, session));
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => track(sockets, socket));

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      resolve();
    });
  });

  const { port } = server.address() as AddressInfo;
  const host = isIPv6(options.host) ? `[${options.host}]` : options.host;
  return {
    url: `${options.tls ? "https" : "http"}://${host}:${port}`,
    close: (graceMs) => close(server, { sessions, undecided, sockets }, graceMs),
    connections: () => sockets.size,
    reloadTls: () => {},
    drain: () => {},
  };
}

function track<Item extends ServerHttp2Session | Socket>(open: Set<Item>, item: Item): void {
  open.add(item);
  item.once("close", () => open.delete(item));
}

/** A TLS port. Its connections are undecided, and may be cut at any time, until they are HTTP/2 or send a request. */
function createTlsServer(
  tls: { cert: string; key: string },
  onRequest: RequestListener,
  undecided: Set<Socket>,
): Server {
  // A socket of TLS does not say which one of TCP is below it, but has its peer, which no other open one has.
  const byPeer = new Map<string, Socket>();
  const peerOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
  const forget = (peer: string) => {
    const socket = byPeer.get(peer);
    if (socket !== undefined) {
      byPeer.delete(peer);
      undecided.delete(socket);
    }
  };
  const server = createSecureServer(
    {
      ...tls,
      ...timeouts,
      ...http2Settings,
      allowHTTP1: true,
      handshakeTimeout: 10_000,
      ...countedMessages,
    } as object,
    (request, response) => {
      if (byPeer.size > 0) {
        forget(peerOf(request.socket));
      }
      onRequest(request, response);
    },
  );
  server.on("connection", (socket: Socket) => {
    const peer = peerOf(socket);
    byPeer.set(peer, socket);
    undecided.add(socket);
    socket.once("close", () => forget(peer));
  });
  server.on("session", ({ socket }: ServerHttp2Session) => forget(peerOf(socket as Socket)));
  return server;
}

/** One cleartext port: HTTP/2 with prior knowledge is told from HTTP/1.1 by how its connections begin. */
function createCleartextServer(
  onRequest: RequestListener,
  sessions: Set<ServerHttp2Session>,
  undecided: Set<Socket>,
): Server {
  const http2 = createHttp2Server({ ...http2Settings, ...countedMessages } as object, onRequest);
  http2.on("session", (session) => track(sessions, session));
  const http1 = createServer({ ...timeouts, ...countedMessages }, onRequest);
  // The HTTP/1.1 server owns the port, for its time-outs run only on a server that listens itself.
  const [serveHttp1] = http1.listeners("connection") as ((socket: Socket) => void)[];
  http1.removeAllListeners("connection");
  http1.on("connection", (socket: Socket) => {
    undecided.add(socket);
    sniff(socket, (isHttp2) => {
      undecided.delete(socket);
      if (isHttp2 === true) {
        http2.emit("connection", socket);
      } else if (isHttp2 === false) {
        serveHttp1?.call(http1, socket);
      }
    });
  });
  return http1;
}

/** RFC 9113 3.4: what every HTTP/2 client sends first. */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Says whether a connection begins as HTTP/2, and leaves all its bytes to be read; undefined if it ended first. */
function sniff(socket: Socket, decide: (isHttp2: boolean | undefined) => void): void {
  let head: Buffer = Buffer.alloc(0);
  const settle = (isHttp2: boolean | undefined) => {
    socket.off("data", onData);
    socket.off("close", onClose);
    socket.off("end", giveUp);
    socket.off("timeout", giveUp);
    socket.off("error", giveUp);
    socket.setTimeout(0);
    if (isHttp2 !== undefined) {
      socket.pause();
      socket.unshift(head);
    }
    decide(isHttp2);
    if (isHttp2 === false) {
      socket.resume();
    }
  };
  const onData = (chunk: Buffer) => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const length = Math.min(head.length, preface.length);
    if (preface.compare(head, 0, length, 0, length) !== 0) {
      settle(false);
    } else if (length === preface.length) {
      settle(true);
    }
  };
  const onClose = () => settle(undefined);
  // What has not said in time which HTTP it speaks, or will not say it any more, is no request.
  const giveUp = () => socket.destroy();
  socket.on("data", onData);
  socket.on("close", onClose);
  socket.on("end", giveUp);
  socket.on("timeout", giveUp);
  socket.on("error", giveUp);
  socket.setTimeout(sniffTimeoutMs);
}

type Connections = {
  readonly sessions: Set<ServerHttp2Session>;
  readonly undecided: Set<Socket>;
  /** All of them. */
  readonly sockets: Set<Socket>;
};

async function close(
  server: Server & { closeIdleConnections?(): void },
  { sessions, undecided, sockets }: Connections,
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of undecided) {
    socket.destroy();
  }
  for (const session of sessions) {
    session.close();
  }
  // A keep-alive connection becomes idle, and can be closed, whenever its last request is answered.
  const sweep = setInterval(() => server.closeIdleConnections?.(), 20);
  // Not by their sessions: one that was told to close waits, even when destroyed, until its client hangs up.
  const cut = setTimeout(() => {
    for (const socket of sockets) {
      socket.destroy();
    }
  }, graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}
