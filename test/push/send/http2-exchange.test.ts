import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer } from "node:http2";
import type { Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Exchange, HttpRequest } from "../../../src/push/send/exchange.ts";
import { createHttp2Exchange } from "../../../src/push/send/http2-exchange.ts";
import {
  accept,
  answerFrames,
  forward,
  startEndpoint,
  startTcpEndpoint,
} from "../../support/http/grpc-endpoints.ts";
import { encodeFrame, frameFlags, frameTypes, uint32 } from "../../support/http/http2-frames.ts";

/** Resolves when the client has closed its side for reading too, which only a further write finds out. */
async function closedByClient(socket: Socket): Promise<void> {
  const closed = Promise.withResolvers<void>();
  const ping = encodeFrame({ type: frameTypes.ping, flags: frameFlags.ack, payload: Buffer.alloc(8) });
  const writes = setInterval(() => socket.write(ping), 5);
  onTestFinished(() => clearInterval(writes));
  socket.on("close", () => closed.resolve());
  await closed.promise;
}

/** Opens connections until the test ends. */
function exchangeWith(origin: string, timeoutMs = 30_000): Exchange {
  const exchange = createHttp2Exchange(origin, timeoutMs);
  onTestFinished(() => exchange.close());
  return exchange;
}

const request: HttpRequest = { path: "/x", headers: {}, body: "x".repeat(200) };

const sendAll = (exchange: Exchange, count: number) =>
  Promise.all(Array.from({ length: count }, () => exchange.send(request)));

const answered = expect.objectContaining({ status: 200, trailers: expect.anything() });

describe("createHttp2Exchange", () => {
  it("lets requests wait if no other connection can be opened", async () => {
    const endpoint = await startEndpoint(accept, createServer({ settings: { maxConcurrentStreams: 1 } }));
    const url = await startTcpEndpoint((socket, number) => {
      if (number === 1) {
        forward(socket, endpoint.url);
      } else {
        socket.resetAndDestroy();
      }
    });
    expect(await sendAll(exchangeWith(url), 5)).toEqual(Array(5).fill(answered));
    expect(endpoint.sessions.map(({ streams }) => streams)).toEqual([5]);
  });

  it("opens another connection when one has no stream ids left", async () => {
    const endpoint = await startEndpoint(accept);
    const exchange = exchangeWith(endpoint.url);
    type Created = { readonly stream: { readonly session: { setNextStreamID(id: number): void } } };
    const skip = (event: unknown) => (event as Created).stream.session.setNextStreamID(2 ** 31 - 1);
    subscribe("http2.client.stream.created", skip);
    onTestFinished(() => void unsubscribe("http2.client.stream.created", skip));
    expect(await exchange.send(request)).toEqual(answered);
    unsubscribe("http2.client.stream.created", skip);
    expect(await exchange.send(request)).toEqual(answered);
    expect(await sendAll(exchange, 3)).toEqual(Array(3).fill(answered));
    expect(endpoint.sessions.map(({ streams }) => streams)).toEqual([2, 3]);
  });

  it("keeps a connection when a request has an invalid header", async () => {
    const endpoint = await startEndpoint(accept);
    const exchange = exchangeWith(endpoint.url);
    expect(await exchange.send(request)).toEqual(answered);
    expect(await exchange.send({ ...request, headers: { connection: "close" } })).toMatchObject({
      problem: expect.stringMatching(/connection/),
    });
    expect(await exchange.send(request)).toEqual(answered);
    expect(endpoint.sessions.map(({ streams }) => streams)).toEqual([2]);
  });

  it("lets go of a connection that the server never closes after GOAWAY when it is closed", async () => {
    const ended = Promise.withResolvers<Socket>();
    const url = await startTcpEndpoint(
      (socket) => {
        socket.on("end", () => ended.resolve(socket));
        answerFrames(socket, [
          { type: frameTypes.goaway, payload: Buffer.concat([uint32(1), uint32(0)]) },
          {
            type: frameTypes.headers,
            flags: frameFlags.endStream | frameFlags.endHeaders,
            stream: 1,
            payload: Buffer.from("\x88", "latin1"),
          },
        ]);
      },
      { allowHalfOpen: true },
    );
    const exchange = exchangeWith(url);
    expect(await exchange.send(request)).toMatchObject({ status: 200 });
    const socket = await ended.promise;
    exchange.close();
    await closedByClient(socket);
  });

  it("lets go of a connection that did not answer in time when the server never closes it", async () => {
    const arrived = Promise.withResolvers<Socket>();
    const url = await startTcpEndpoint(
      (socket) => {
        arrived.resolve(socket);
        answerFrames(socket, []);
      },
      { allowHalfOpen: true },
    );
    expect(await exchangeWith(url, 100).send(request)).toMatchObject({ isTimeout: true });
    await closedByClient(await arrived.promise);
  });
});
