import type { Socket } from "node:net";
import { encodeFrame, frameFlags, frameTypes, http2Preface } from "../../support/http/http2-frames.ts";
import { requestFrames, settingsFrame } from "./http2-requests.ts";
import { openRaw } from "./raw-connection.ts";

/**
 * `node hold-connections.ts <port> <HTTP/1.1> <HTTP/2>` opens the given numbers of connections, makes one call on each
 * and leaves them open. It is a separate process because of the descriptors. It prints `open <n>` when all are answered,
 * then `left <n>` every half second until it is killed.
 */
const [port = 0, http1 = 0, http2 = 0] = process.argv.slice(2).map(Number);
const health = "/grpc.health.v1.Health/Check";
const open = new Set<Socket>();
/** Connections that are opened at once. */
const opening = 50;

const http1Request = `POST ${health} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
const http2Request = Buffer.concat([
  http2Preface,
  settingsFrame(),
  encodeFrame({ type: frameTypes.settings, flags: frameFlags.ack }),
  requestFrames(1, health, { body: "{}" }),
]);

/** Resolves when the connection has an answer or is closed. */
function hold(request: string | Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = openRaw(port);
    let text = "";
    socket.on("data", (chunk) => {
      text = text.length > 4_096 ? text : text + chunk.toString("latin1");
      if (text.includes("SERVING")) {
        open.add(socket);
        resolve();
      }
    });
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
      open.delete(socket);
      resolve();
    });
    socket.write(request);
  });
}

const requests = [
  ...Array.from({ length: http1 }, () => http1Request),
  ...Array.from({ length: http2 }, () => http2Request),
].values();
await Promise.all(
  Array.from({ length: opening }, async () => {
    for (const request of requests) {
      await hold(request);
    }
  }),
);
console.log(`open ${open.size}`);
setInterval(() => console.log(`left ${open.size}`), 500);
