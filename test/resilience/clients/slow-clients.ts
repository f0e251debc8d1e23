import type { Socket } from "node:net";
import { encodeFrame, frameFlags, frameTypes, http2Preface } from "../../support/http/http2-frames.ts";
import { requestFrames, settingsFrame } from "./http2-requests.ts";
import { openRaw } from "./raw-connection.ts";

/** Opens a connection that makes little or no progress. `token` allows pushing. */
export type SlowClient = (port: number, token: string) => Socket;

const path = "/v1/operators/65001/clients/mobiledataplan/users/slow/planStatus";

const rpcPath = "/grpc.health.v1.Health/Check";
const rpcHead = "Host: localhost\r\nContent-Type: application/json\r\n";

const http1Head = (token: string) =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\n`;

const h2Push = (token: string) =>
  requestFrames(1, path, { headers: { authorization: `Bearer ${token}`, "content-length": "1000" } });

/** Writes the same bytes periodically until the connection is closed. */
function drip(socket: Socket, bytes: string | Buffer, everyMs = 250): Socket {
  const timer = setInterval(() => socket.write(bytes), everyMs);
  socket.once("close", () => clearInterval(timer));
  // A slow client would not notice that the server has closed the connection, but its descriptor must be freed.
  socket.once("end", () => socket.destroy());
  return socket;
}

function opened(port: number, bytes: string | Buffer, options: { reads?: boolean } = {}): Socket {
  const socket = openRaw(port, options);
  socket.write(bytes);
  socket.once("end", () => socket.destroy());
  return socket;
}

const h2Opening = Buffer.concat([http2Preface, settingsFrame()]);
/** A flow-control window of zero for every stream, so that the server cannot send any data. */
const h2ZeroWindow = Buffer.concat([http2Preface, settingsFrame([[4, 0]])]);

/** All kinds of slow clients, by name. */
export const slowClients: Readonly<Record<string, SlowClient>> = {
  "sends nothing": (port) => opened(port, ""),
  "sends half of the preface": (port) => opened(port, "PRI * HT"),
  "sends a header a byte at a time": (port) => drip(opened(port, "POST /v1/x HTTP/1.1\r\nX-Slow: "), "y"),
  "sends headers without end": (port) => drip(opened(port, "GET / HTTP/1.1\r\n"), "X-Slow: y\r\n"),
  "sends a body a byte at a time": (port, token) =>
    drip(opened(port, `${http1Head(token)}Content-Length: 1000\r\n\r\n{`), " "),
  "sends a chunked body a byte at a time": (port, token) =>
    drip(opened(port, `${http1Head(token)}Transfer-Encoding: chunked\r\n\r\n`), "1\r\n \r\n"),
  "sends half of a body and stops": (port, token) =>
    opened(port, `${http1Head(token)}Content-Length: 1000\r\n\r\n{"languageCode"`),
  "sends half of an RPC and stops": (port) =>
    opened(port, `POST ${rpcPath} HTTP/1.1\r\n${rpcHead}Content-Length: 1000\r\n\r\n{`),
  "requests forty answers and reads none": (port) =>
    opened(port, "GET /$discovery/rest HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(40), { reads: false }),
  "HTTP/2: opens a session and sends no request": (port) => opened(port, h2Opening),
  "HTTP/2: sends half of its headers": (port) =>
    opened(
      port,
      Buffer.concat([
        h2Opening,
        encodeFrame({ type: frameTypes.headers, stream: 1, payload: Buffer.of(0x83) }),
      ]),
    ),
  "HTTP/2: sends a body a byte at a time": (port, token) =>
    drip(
      opened(port, Buffer.concat([h2Opening, h2Push(token)])),
      encodeFrame({ type: frameTypes.data, stream: 1, payload: Buffer.from(" ") }),
    ),
  "HTTP/2: sends half of a body and stops": (port, token) =>
    opened(
      port,
      Buffer.concat([
        h2Opening,
        h2Push(token),
        encodeFrame({ type: frameTypes.data, stream: 1, payload: Buffer.from("{") }),
      ]),
    ),
  "HTTP/2: sends half of an RPC and stops": (port) =>
    opened(
      port,
      Buffer.concat([
        h2Opening,
        requestFrames(1, rpcPath, {}),
        encodeFrame({ type: frameTypes.data, stream: 1, payload: Buffer.from("{") }),
      ]),
    ),
  "HTTP/2: requests forty answers and accepts none": (port) =>
    opened(
      port,
      Buffer.concat([
        h2ZeroWindow,
        ...Array.from({ length: 40 }, (_, index) =>
          encodeFrame({
            type: frameTypes.headers,
            flags: frameFlags.endHeaders | frameFlags.endStream,
            stream: 1 + 2 * index,
            // :method GET, :scheme http, :path as a literal (RFC 7541 appendix A and 6.2.2).
            payload: Buffer.concat([Buffer.of(0x82, 0x86, 0x04, 16), Buffer.from("/$discovery/rest")]),
          }),
        ),
      ]),
    ),
};

/** Closes a connection in the middle of a body, by a reset or by FIN. */
export function vanish(port: number, token: string, byReset: boolean): Promise<void> {
  return new Promise((resolve) => {
    const socket = openRaw(port);
    socket.once("connect", () => {
      socket.write(`${http1Head(token)}Content-Length: 1000\r\n\r\n{"languageCode": "en`, () => {
        if (byReset) {
          socket.resetAndDestroy();
        } else {
          socket.destroy();
        }
      });
    });
    socket.once("close", () => resolve());
  });
}
