import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { connect as connectTcp } from "node:net";
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { Health } from "#deps/grpc/health/v1/health_pb.js";
import { readApiError } from "../../support/api-error.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";

/** A quarter of the 1,024 watches. */
const share = 256;

const watch = {
  ":method": "POST",
  ":path": "/grpc.health.v1.Health/Watch",
  "content-type": "application/grpc",
  te: "trailers",
};

let server: TestServer;
const sessions: ClientHttp2Session[] = [];
beforeEach(async () => {
  server = await startTestServer({ graceMs: 0 });
});
afterEach(async () => {
  for (const session of sessions.splice(0)) {
    session.destroy();
  }
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

function openSession(localAddress = "127.0.0.1"): ClientHttp2Session {
  const session = connect(server.url, {
    createConnection: () => connectTcp({ port: server.port, host: "127.0.0.1", localAddress }),
  });
  sessions.push(session);
  return session;
}

/** Opens watches until one is rejected. Returns the others. */
async function watchUntilRejected(session: ClientHttp2Session): Promise<ClientHttp2Stream[]> {
  const held: ClientHttp2Stream[] = [];
  for (;;) {
    const stream = session.request(watch).resume();
    stream.end(Buffer.alloc(5));
    const [answer] = await once(stream, "response");
    if (answer["grpc-status"] !== undefined) {
      expect(answer["grpc-status"]).toBe("8");
      return held;
    }
    held.push(stream);
  }
}

async function firstOf(transport: Transport): Promise<unknown> {
  for await (const { status } of createClient(Health, transport).watch({})) {
    return status;
  }
  return undefined;
}

const transports: Readonly<Record<string, (baseUrl: string) => Transport>> = {
  "Connect over HTTP/1.1": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
  "Connect over HTTP/2": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }),
  gRPC: (baseUrl) => createGrpcTransport({ baseUrl }),
  "gRPC-Web over HTTP/1.1": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  "gRPC-Web over HTTP/2": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
};

describe("health watches", () => {
  it("a client that holds a quarter of the health watches gets RESOURCE_EXHAUSTED with RetryInfo for the next one, over every protocol", async () => {
    const held = await watchUntilRejected(openSession());
    expect(held).toHaveLength(share);
    for (const [name, transport] of Object.entries(transports)) {
      const error = await firstOf(transport(server.url)).catch((reason: unknown) => reason);
      expect(error, name).toBeInstanceOf(ConnectError);
      expect(readApiError(error as ConnectError), name).toMatchObject({
        code: "ResourceExhausted",
        reason: "WATCHES_EXHAUSTED",
      });
      expect((error as ConnectError).findDetails(RetryInfoSchema), name).toHaveLength(1);
    }
  });

  it("health watches of one client leave room for another address, and a closed one for the client", async () => {
    const session = openSession();
    const [first] = await watchUntilRejected(session);
    expect(await watchUntilRejected(openSession("127.0.0.2"))).toHaveLength(share);
    first?.close();
    await expect
      .poll(async () => {
        const stream = session.request(watch).resume();
        stream.end(Buffer.alloc(5));
        return (await once(stream, "response"))[0]["grpc-status"];
      })
      .toBeUndefined();
  });

  it("all clients together get at most 1,024 health watches, also when their requests never end", async () => {
    for (const address of ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"]) {
      const session = openSession(address);
      for (let count = 0; count < share; count += 1) {
        session.request(watch, { endStream: false }).resume();
      }
      const [answer] = await once(session.request(watch, { endStream: false }), "response");
      expect(answer["grpc-status"]).toBe("8");
    }
    const [answer] = await once(openSession("127.0.0.5").request(watch, { endStream: false }), "response");
    expect(answer["grpc-status"]).toBe("8");
  });

  it("a health check is answered while no further health watch is", async () => {
    await watchUntilRejected(openSession());
    for (const [name, transport] of Object.entries(transports)) {
      expect(await createClient(Health, transport(server.url)).check({}), name).toMatchObject({ status: 1 });
    }
  });
});
