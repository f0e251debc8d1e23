import { setMaxListeners } from "node:events";
import type { Socket } from "node:net";
import { buildConnector, errors, Pool } from "undici";
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
} from "./exchange.ts";

/** Error codes of a connection that the server has closed, perhaps before the request reached it. */
const closedCodes = ["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"];

const timeoutCodes = ["UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"];

/**
 * Creates the connections to a server for REST, Connect and gRPC-Web: HTTP/1.1, one request at a time on each. `ca` has
 * PEM certificates to trust instead of the well-known ones.
 */
export function createHttp1Exchange(origin: string, timeoutMs: number, ca?: string): Exchange {
  const stopping = new AbortController();
  // As many as there are connections may wait for it.
  setMaxListeners(0, stopping.signal);
  const pool = new Pool(origin, {
    allowH2: false,
    maxResponseSize: maxAnswerSize,
    connect: connectorOf(new URL(origin), timeoutMs, ca, stopping.signal),
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });

  /** Resolves with `undefined` if the connection was closed without an answer to the request. */
  function attempt({ path, headers: sent, body }: HttpRequest): Promise<Answer | NoAnswer | undefined> {
    return new Promise((resolve) => {
      const beganAt = performance.now();
      let isSent = false;
      let status = 0;
      let headers: AnswerHeaders = {};
      const chunks: Buffer[] = [];
      pool.dispatch(
        { path, headers: sent, body, method: "POST" },
        {
          // undici uses the presence of this method to detect the new handler interface.
          onRequestStart() {
            isSent = true;
          },
          onResponseStart(_, statusCode, received) {
            status = statusCode;
            headers = received;
          },
          onResponseData(controller, chunk) {
            chunks.push(chunk);
            // The timeouts of the pool apply to the headers and to the time between two chunks only.
            if (performance.now() - beganAt > timeoutMs) {
              controller.abort(new errors.BodyTimeoutError());
            }
          },
          onResponseEnd() {
            resolve({
              status,
              headers,
              body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks),
            });
          },
          onResponseError(_, error: NodeJS.ErrnoException) {
            const isClosed = isSent && status === 0 && closedCodes.includes(error.code ?? "");
            resolve(isClosed ? undefined : problemOf(error, timeoutMs, isSent));
          },
        },
      );
    });
  }

  return {
    send: (request) => sendTwice(() => attempt(request)),
    stopConnecting: () => stopping.abort(),
    close() {
      stopping.abort();
      void pool.destroy(new Error("the push was stopped"));
    },
  };
}

function connectorOf(
  url: URL,
  timeoutMs: number,
  ca: string | undefined,
  signal: AbortSignal,
): buildConnector.connector {
  const proxy = proxyFor(url);
  if (proxy === undefined) {
    const connect = buildConnector({ timeout: timeoutMs, allowH2: false, ...(ca !== undefined && { ca }) });
    return (options, callback) => {
      // The types do not say that it returns the socket.
      const socket = connect(options, (...result) => {
        signal.removeEventListener("abort", abort);
        callback(...result);
      }) as unknown as Socket;
      const abort = () => socket.destroy(new Error(stopped.problem));
      signal.addEventListener("abort", abort);
      if (signal.aborted) {
        abort();
      }
    };
  }
  return (_, callback) => {
    connectThrough(proxy, url, { ca, timeoutMs, protocols: ["http/1.1"], signal }).then(
      (socket) => callback(null, socket),
      (error: Error) => callback(error, null),
    );
  };
}

function problemOf(error: NodeJS.ErrnoException, timeoutMs: number, isSent: boolean): NoAnswer {
  const { code = "" } = error;
  if (timeoutCodes.includes(code)) {
    return timedOut(timeoutMs, isSent);
  }
  return isSent && closedCodes.includes(code) ? cutOff : connectionFailed(error, isSent);
}
