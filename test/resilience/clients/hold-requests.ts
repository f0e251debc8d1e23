import { once } from "node:events";
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from "node:http2";
import { connect as connectTcp } from "node:net";

/**
 * `node hold-requests.ts <port> <kind> <count>` opens requests without a token that stay open, over HTTP/2 connections
 * from four addresses of this machine, 200 on each, and as many HTTP/1.1 connections for the kind `pipelined`. It prints
 * `open <n>` when all are sent and nothing has changed for a second, then stays until it is killed.
 */
const [port = 0, kind = "", count = 0] = process.argv
  .slice(2)
  .map((text, at) => (at === 1 ? text : Number(text))) as [number, Kind, number];
const perConnection = 200;
const grpc = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };

const kinds = {
  watches: { headers: { ...grpc, ":path": "/grpc.health.v1.Health/Watch" }, body: Buffer.alloc(5) },
  checks: { headers: { ...grpc, ":path": "/grpc.health.v1.Health/Check" } },
  refused: { headers: { ":method": "POST", ":path": "/v1/operators/65001/planGroups" } },
  unread: { headers: { ":path": "/$discovery/rest" }, window: 0, body: "" },
  pipelined: { headers: {} },
} satisfies Record<string, { headers: OutgoingHttpHeaders; body?: Buffer | string; window?: number }>;
export type Kind = keyof typeof kinds;

const { headers, body, window }: { headers: OutgoingHttpHeaders; body?: Buffer | string; window?: number } =
  kinds[kind as Kind];
let open = 0;
let changedAt = performance.now();
function change(by: number): void {
  open += by;
  changedAt = performance.now();
}

async function openSession(localAddress: string): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`, {
    settings: window === undefined ? {} : { initialWindowSize: window },
    createConnection: () => connectTcp({ port, host: "127.0.0.1", localAddress }),
  });
  session.on("error", () => undefined);
  await once(session, "remoteSettings");
  return session;
}

for (let opened = 0; opened < count; opened += perConnection) {
  const address = `127.0.0.${1 + ((opened / perConnection) % 4)}`;
  if (kind === "pipelined") {
    const socket = connectTcp({ port, host: "127.0.0.1", localAddress: address });
    socket.on("error", () => undefined).pause();
    await once(socket, "connect");
    socket.write("GET /$discovery/rest HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(perConnection));
    change(perConnection);
    continue;
  }
  const session = await openSession(address);
  for (let at = 0; at < perConnection; at += 1) {
    const stream = session.request(headers, { endStream: false });
    change(1);
    let isHeld = true;
    const leave = () => {
      if (isHeld) {
        isHeld = false;
        change(-1);
      }
    };
    stream.on("error", () => undefined).on("close", leave);
    // A watch that is rejected has its status in the header.
    stream.on("response", (answer) => answer["grpc-status"] !== undefined && leave());
    stream.resume();
    if (body !== undefined) {
      stream.end(body);
    }
  }
}
const waiting = setInterval(() => {
  if (performance.now() - changedAt > 1_000) {
    clearInterval(waiting);
    console.log(`open ${open}`);
  }
}, 100);
setInterval(() => undefined, 1_000_000);
