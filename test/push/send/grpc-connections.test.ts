import { constants, createSecureServer, createServer, type ServerHttp2Stream } from "node:http2";
import { createServer as createTcpServer, type Socket } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it, onTestFinished } from "vitest";
import { CreateUserPlanStatusRequestSchema } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { fixedToken } from "../../../src/push/send/access-tokens.ts";
import { createSender, type Sender } from "../../../src/push/send/sender.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import {
  accept,
  answerFrames,
  forward,
  grpcHeaders,
  listen,
  startEndpoint,
  startTcpEndpoint,
  statusFrame,
} from "../../support/http/grpc-endpoints.ts";
import { encodeFrame, frameFlags, frameTypes, uint32 } from "../../support/http/http2-frames.ts";
import { lineOf, pushRequestOf as requestOf } from "../../support/push-inputs.ts";

function senderTo(endpoint: string, timeoutMs = 30_000): Sender {
  const sender = createSender({ endpoint, protocol: "grpc", tokens: fixedToken("t"), timeoutMs });
  onTestFinished(() => sender.close());
  return sender;
}

const users = (count: number) => Array.from({ length: count }, (_, index) => pushRequestOf(`user-${index}`));

const sendAll = (sender: Sender, count: number) =>
  Promise.all(users(count).map((request) => sender.send(request)));

const pushRequestOf = (userKey: string) => requestOf(lineOf(userKey), "grpc");

/** A request of 500 KB. */
function longRequest() {
  const planStatus = { title: "x".repeat(500_000) };
  const message = create(CreateUserPlanStatusRequestSchema, { userKey: "a", planStatus });
  return { ...pushRequestOf("a"), body: toBinary(CreateUserPlanStatusRequestSchema, message) };
}

const pushed = { kind: "pushed" };

describe("the gRPC sender", () => {
  it("sends all requests on one connection if the server accepts so many", async () => {
    const endpoint = await startEndpoint(accept);
    const sender = senderTo(endpoint.url);
    expect(await sendAll(sender, 90)).toEqual(Array(90).fill(pushed));
    expect(await sendAll(sender, 90)).toEqual(Array(90).fill(pushed));
    expect(endpoint.sessions.map(({ streams }) => streams)).toEqual([180]);
  });

  it("opens another connection when the server accepts no more requests on those that are open", async () => {
    const held: ServerHttp2Stream[] = [];
    const arrived = Promise.withResolvers<void>();
    const handle = (stream: ServerHttp2Stream) => {
      held.push(stream);
      if (held.length === 5) {
        arrived.resolve();
      } else if (held.length === 1) {
        accept(stream);
      }
    };
    const endpoint = await startEndpoint(handle, createServer({ settings: { maxConcurrentStreams: 2 } }));
    const sender = senderTo(endpoint.url);
    // Only after the first answer is the limit of the server known.
    expect(await sendAll(sender, 1)).toEqual([pushed]);
    const sent = sendAll(sender, 4);
    await arrived.promise;
    expect(endpoint.sessions.map(({ streams }) => streams)).toEqual([3, 2]);
    held.slice(1).forEach(accept);
    expect(await sent).toEqual(Array(4).fill(pushed));
  });

  it("lets requests wait if the server accepts fewer than are sent before it says so", async () => {
    const endpoint = await startEndpoint(accept, createServer({ settings: { maxConcurrentStreams: 1 } }));
    expect(await sendAll(senderTo(endpoint.url), 50)).toEqual(Array(50).fill(pushed));
  });

  it("finishes requests on a connection that the server closes with GOAWAY, and sends further ones on another", async () => {
    const endpoint = await startEndpoint((stream, number) => {
      if (number === 1) {
        stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
        // The client has read GOAWAY when it answers this.
        stream.session?.ping(() => accept(stream));
      } else {
        accept(stream);
      }
    });
    const sender = senderTo(endpoint.url);
    const first = sender.send(pushRequestOf("a"));
    expect(await first).toEqual(pushed);
    expect(await sender.send(pushRequestOf("b"))).toEqual(pushed);
    expect(endpoint.sessions.map(({ streams }) => streams)).toEqual([1, 1]);
  });

  it("sends a request again at once that the server has not processed before GOAWAY", async () => {
    const endpoint = await startEndpoint(accept);
    const url = await startTcpEndpoint((socket, number) => {
      if (number > 1) {
        forward(socket, endpoint.url);
        return;
      }
      socket.write(encodeFrame({ type: frameTypes.settings }));
      socket.on("data", (bytes: Buffer) => {
        if (bytes.includes("PlanStatus") || bytes.includes(frameTypes.headers, 3)) {
          // The last stream that was processed is 0, and there was no error.
          socket.write(
            encodeFrame({ type: frameTypes.goaway, payload: Buffer.concat([uint32(0), uint32(0)]) }),
          );
        }
      });
    });
    expect(await senderTo(url).send(pushRequestOf("a"))).toEqual(pushed);
    expect(endpoint.sessions.map(({ streams }) => streams)).toEqual([1]);
  });

  it("sends a request again at once that the server refuses, and retries it if it is refused again", async () => {
    const refuse = (stream: ServerHttp2Stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM);
    const once = await startEndpoint((stream, number) => (number === 1 ? refuse : accept)(stream));
    expect(await senderTo(once.url).send(pushRequestOf("a"))).toEqual(pushed);
    const always = await startEndpoint(refuse);
    expect(await senderTo(always.url).send(pushRequestOf("a"))).toMatchObject({
      kind: "retry",
      code: "UNAVAILABLE",
      message: "the connection was reset",
    });
    expect(always.sessions.map(({ streams }) => streams)).toEqual([2]);
  });

  it.each([
    ["resets", (socket: Socket) => socket.resetAndDestroy()],
    ["closes", (socket: Socket) => socket.destroy()],
  ])("sends requests again at once when the server %s their connection", async (_, end) => {
    const endpoint = await startEndpoint((stream, number) => {
      if (number === 3) {
        end(endpoint.sessions[0]?.session.socket as Socket);
      } else if (number > 3) {
        accept(stream);
      }
    });
    expect(await sendAll(senderTo(endpoint.url), 3)).toEqual(Array(3).fill(pushed));
    expect(endpoint.sessions.map(({ streams }) => streams)).toEqual([3, 3]);
  });

  it.each([
    ["INTERNAL_ERROR", 2, "http/2 stream closed with error code INTERNAL_ERROR (0x2)"],
    ["CANCEL", 8, "http/2 stream closed with error code CANCEL (0x8)"],
    ["ENHANCE_YOUR_CALM", 11, "http/2 stream closed with error code ENHANCE_YOUR_CALM (0xb)"],
  ])("retries a request whose stream the server resets with %s", async (_, code, text) => {
    const endpoint = await startEndpoint((stream) => stream.close(code));
    expect(await senderTo(endpoint.url).send(pushRequestOf("a"))).toMatchObject({
      kind: "retry",
      code: "UNAVAILABLE",
      message: text,
    });
  });

  it.each<[string, (socket: Socket) => void, string]>([
    [
      "its stream is reset",
      (socket) => socket.write(encodeFrame({ type: frameTypes.rstStream, stream: 1, payload: uint32(2) })),
      "http/2 stream closed with error code INTERNAL_ERROR (0x2)",
    ],
    [
      "its stream is canceled",
      (socket) => socket.write(encodeFrame({ type: frameTypes.rstStream, stream: 1, payload: uint32(8) })),
      "http/2 stream closed with error code CANCEL (0x8)",
    ],
    ["its connection is reset", (socket) => socket.resetAndDestroy(), "the answer was cut off"],
    ["its connection is closed", (socket) => socket.end(), "the answer was cut off"],
  ])("retries a request whose answer is cut off because %s", async (_, cut, text) => {
    let connections = 0;
    const url = await startTcpEndpoint((socket) => {
      connections += 1;
      answerFrames(
        socket,
        [
          // HPACK (RFC 7541 appendix A): :status 200, and a content-type that is not indexed.
          {
            type: frameTypes.headers,
            flags: frameFlags.endHeaders,
            stream: 1,
            payload: Buffer.from("\x88\x0f\x10\x10application/grpc", "latin1"),
          },
          { type: frameTypes.data, stream: 1, payload: statusFrame.subarray(0, 7) },
        ],
        () => setImmediate(() => cut(socket)),
      );
    });
    expect(await senderTo(url).send(pushRequestOf("a"))).toMatchObject({
      kind: "retry",
      code: "UNAVAILABLE",
      message: text,
    });
    expect(connections).toBe(1);
  });

  it.each<[string, (stream: ServerHttp2Stream) => void]>([
    ["that never begins", () => undefined],
    [
      "that never ends",
      (stream) => {
        stream.respond(grpcHeaders);
        const drip = setInterval(() => stream.write("\0"), 5);
        stream.on("close", () => clearInterval(drip));
      },
    ],
  ])("retries an answer %s within the timeout, and opens another connection", async (_, handle) => {
    const endpoint = await startEndpoint((stream, number) => (number === 1 ? handle : accept)(stream));
    const sender = senderTo(endpoint.url, 100);
    expect(await sender.send(pushRequestOf("a"))).toMatchObject({
      kind: "retry",
      code: "DEADLINE_EXCEEDED",
      message: "no answer within 0.1 s",
    });
    expect(await senderTo(endpoint.url).send(pushRequestOf("b"))).toEqual(pushed);
    expect(endpoint.sessions.length).toBe(2);
  });

  it("retries an answer of a server that accepts connections but never speaks", async () => {
    const url = await startTcpEndpoint(() => undefined);
    expect(await senderTo(url, 50).send(pushRequestOf("a"))).toMatchObject({
      kind: "retry",
      message: "no answer within 0.05 s",
    });
  });

  it("retries an answer that is longer than 8 MiB", async () => {
    const endpoint = await startEndpoint((stream) => {
      stream.respond(grpcHeaders);
      const more = () => {
        while (!stream.destroyed && stream.write(Buffer.alloc(64 * 1024))) {}
      };
      stream.on("drain", more);
      more();
    });
    expect(await senderTo(endpoint.url).send(pushRequestOf("a"))).toMatchObject({
      kind: "retry",
      message: expect.stringMatching(/max size/),
    });
  });

  it("retries when the server closes each connection as soon as it is open", async () => {
    const url = await startTcpEndpoint((socket) => {
      const payload = Buffer.concat([uint32(0), uint32(0)]);
      socket.end(
        Buffer.concat([
          encodeFrame({ type: frameTypes.settings }),
          encodeFrame({ type: frameTypes.goaway, payload }),
        ]),
      );
    });
    expect(await senderTo(url).send(pushRequestOf("a"))).toMatchObject({
      kind: "retry",
      code: "UNAVAILABLE",
    });
  });

  it("retries when the connection is refused", async () => {
    const server = createTcpServer();
    const url = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await senderTo(url).send(pushRequestOf("a"))).toMatchObject({
      kind: "retry",
      code: "UNAVAILABLE",
      message: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  it("sends requests over TLS to a server with a trusted certificate, and stops if it is not trusted", async () => {
    const endpoint = await startEndpoint(accept, createSecureServer(testCertificate));
    const url = endpoint.url.replace("http:", "https:");
    expect(await senderTo(url).send(pushRequestOf("a"))).toMatchObject({
      kind: "unusable",
      code: "UNAVAILABLE",
      message: expect.stringMatching(/self-signed certificate/),
    });
    const trusted = getCACertificates("default");
    setDefaultCACertificates([...trusted, testCertificate.cert]);
    onTestFinished(() => setDefaultCACertificates(trusted));
    expect(await senderTo(url).send(pushRequestOf("a"))).toEqual(pushed);
  });

  it("says at once that the server speaks HTTP/1.1 only", async () => {
    const url = await startTcpEndpoint((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    expect(await senderTo(url).send(pushRequestOf("a"))).toMatchObject({
      kind: "unusable",
      message: expect.stringContaining("does not speak HTTP/2, which gRPC needs"),
    });
  });

  it("takes an error that the server answers before it has read the request", async () => {
    const endpoint = await startEndpoint((stream) => {
      stream.respond({ ...grpcHeaders, "grpc-status": "7", "grpc-message": "no" }, { endStream: true });
    });
    expect(await senderTo(endpoint.url).send(longRequest())).toMatchObject({
      kind: "rejected",
      code: "PERMISSION_DENIED",
      message: "no",
    });
  });

  it("sends many long requests at a time", async () => {
    const endpoint = await startEndpoint(accept);
    const sender = senderTo(endpoint.url);
    const sent = Array.from({ length: 60 }, () => sender.send(longRequest()));
    expect(await Promise.all(sent)).toEqual(Array(60).fill(pushed));
  });

  it("ends requests in flight without an outcome when it is closed", async () => {
    const arrived = Promise.withResolvers<void>();
    const endpoint = await startEndpoint(() => arrived.resolve());
    const sender = senderTo(endpoint.url);
    const sent = sender.send(pushRequestOf("a"));
    await arrived.promise;
    sender.close();
    expect(await sent).toMatchObject({ kind: "retry", message: "the push was stopped" });
    expect(await sender.send(pushRequestOf("b"))).toMatchObject({ kind: "retry" });
    expect(endpoint.sessions.map(({ streams }) => streams)).toEqual([1]);
  });
});
