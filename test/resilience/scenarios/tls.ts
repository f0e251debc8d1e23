import { once } from "node:events";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { testCertificate, testCertificateFiles } from "../../support/certificates/certificate.ts";
import { expectedPace, measuredPace, startGoodClient } from "../clients/good-client.ts";
import { openRaw } from "../clients/raw-connection.ts";
import { eventually } from "../eventually.ts";
import { createFindings, type Row, type ScenarioContext, settingFlags } from "../scenario.ts";
import { usageOf } from "../usage.ts";

/** A handshake is cut off after each number of bytes up to this one, then after `someBytes` random numbers. */
const everyByteTo = 64;
const someBytes = 100;
/** Slightly less than a whole handshake with a request after it. */
const maxBytes = 1_700;
const others = 100;
/** Longer than the handshake timeout, which is 10 s by default. */
const goneMs = 45_000;

/** TLS that is cut off, invalid, or ends without close_notify. */
export async function truncatedTls(context: ScenarioContext): Promise<Row> {
  const { random } = context;
  const findings = createFindings();
  const { problems, check } = findings;
  const { cert, key } = testCertificateFiles;
  const args = ["--tls-cert", cert, "--tls-key", key];
  const server = await context.serve({
    data: await context.directory(),
    args: [...args, ...settingFlags({ "limits.headerTimeout": "3s", "limits.idleTimeout": "4s" })],
  });
  const resting = usageOf(server.pids()).descriptors;
  const good = await startGoodClient(server, testCertificate.cert);

  const cuts = [
    ...Array.from({ length: everyByteTo }, (_, bytes) => bytes),
    ...Array.from({ length: someBytes }, () => everyByteTo + random.below(maxBytes - everyByteTo)),
  ];
  const attacks = (async () => {
    for (const [index, bytes] of cuts.entries()) {
      await cutHandshake(
        server.port,
        bytes,
        (["reset", "end", "silence"] as const)[index % 3] ?? "end",
        context,
      );
    }
    for (let count = 0; count < others; count++) {
      const garbage = openRaw(server.port);
      garbage.write(Buffer.from(Array.from({ length: 1 + random.below(600) }, () => random.below(256))));
      const plain = openRaw(server.port);
      plain.write("GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await endMidBody(server.port);
      garbage.destroy();
      plain.destroy();
    }
  })();
  const during = await good.measure(6);
  await attacks;
  check(server.isRunning(), "the server has exited");
  check(server.stderrTail() === "", "the server logs errors of clients as its own");
  await good.close();
  const back = () => usageOf(server.pids()).descriptors <= resting + 2;
  const began = performance.now();
  check(
    await eventually(back, goneMs),
    `${usageOf(server.pids()).descriptors - resting} descriptors remain open`,
  );
  const goneAfterMs = performance.now() - began;
  await good.checkPushes(during, findings);
  return {
    action: `${cuts.length} handshakes cut off after 0 to ${maxBytes} bytes, by reset, FIN or silence; ${others} times garbage, plain HTTP, and FIN without close_notify in a body`,
    expected: `the server keeps running; ${expectedPace(good)}; all descriptors are freed within ${goneMs / 1000} s`,
    observed: `${measuredPace(good, during)}; all descriptors freed after ${(goneAfterMs / 1000).toFixed(1)} s`,
    problems,
  };
}

/** Forwards only the first `bytes` bytes of a TLS client to the server. */
async function cutHandshake(
  port: number,
  bytes: number,
  how: "reset" | "end" | "silence",
  context: ScenarioContext,
): Promise<void> {
  const far = openRaw(port);
  const proxy = createServer((near) => {
    let left = bytes;
    near.on("error", () => undefined);
    near.on("data", (chunk) => {
      const part = chunk.subarray(0, left);
      left -= part.length;
      far.write(part);
      if (part.length < chunk.length) {
        near.destroy();
      }
    });
    far.on("data", (chunk) => near.writable && near.write(chunk));
    far.on("close", () => near.destroy());
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port: near } = proxy.address() as { port: number };
  const client = connectTls({
    port: near,
    host: "127.0.0.1",
    servername: "localhost",
    rejectUnauthorized: false,
  });
  client.on("error", () => undefined);
  client.on("secureConnect", () => client.write("GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  client.resume();
  await Promise.race([once(client, "close").catch(() => undefined), setTimeout(300)]);
  client.destroy();
  proxy.close();
  finish(far, how, context);
}

function finish(socket: Socket, how: "reset" | "end" | "silence", context: ScenarioContext): void {
  if (how === "reset") {
    socket.resetAndDestroy();
  } else if (how === "end") {
    socket.destroy();
  } else {
    // The timeout of the server must close it.
    socket.once("end", () => socket.destroy());
    context.atEnd(() => {
      socket.destroy();
    });
  }
}

/** Completes a handshake, sends half of a body, and closes TCP without closing TLS. */
async function endMidBody(port: number): Promise<void> {
  const socket = connectTcp(port, "127.0.0.1");
  socket.on("error", () => undefined);
  const client = connectTls({ socket, servername: "localhost", rejectUnauthorized: false });
  client.on("error", () => undefined);
  await Promise.race([once(client, "secureConnect").catch(() => undefined), setTimeout(2_000)]);
  client.write("POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\ngrant_type");
  await setTimeout(5);
  socket.end();
  socket.destroySoon();
}
