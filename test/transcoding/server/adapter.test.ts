import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type ConnectRouter, createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport } from "@connectrpc/connect-node";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createRestTransport } from "../../../src/transcoding/client/index.ts";
import { createTranscodingHandler } from "../../../src/transcoding/server/handler.ts";
import { shelf } from "../fixtures/shelf.ts";

it("a transcoding handler serves as the fallback of connectNodeAdapter with the same implementations", async () => {
  const calls: string[] = [];
  const routes = (router: ConnectRouter) => {
    router.service(shelf, {
      anything: (_: unknown, { protocolName }: { protocolName: string }) => {
        calls.push(protocolName);
        return { title: "T" };
      },
      listTitles: () => ({ titles: ["a"] }),
    } as never);
  };
  // A rule that takes every path, RPC paths among them.
  const rules = [{ selector: "shelf.v1.Shelf.Anything", pattern: { case: "post", value: "/**" }, body: "*" }];
  const fallback = createTranscodingHandler({ routes, rules: rules as never });
  const server = createServer(connectNodeAdapter({ routes, fallback }));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const rpc = createClient(shelf, createConnectTransport({ baseUrl, httpVersion: "1.1" })) as never as {
      anything(input: object): Promise<{ title: string }>;
    };
    expect((await rpc.anything({})).title).toBe("T");
    const answer = await fetch(`${baseUrl}/some/where`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(await answer.json()).toEqual({ title: "T" });
    const rest = createClient(shelf, createRestTransport({ baseUrl })) as never as {
      listTitles(input: object): Promise<{ titles: string[] }>;
    };
    expect((await rest.listTitles({})).titles).toEqual(["a"]);
    expect(calls).toEqual(["connect", "rest"]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

describe("a transcoding handler with a third argument", () => {
  const handler = createTranscodingHandler({
    routes: (router) =>
      void router.service(shelf, { listTitles: () => ({ titles: ["a"] }), wrap: () => ({}) } as never),
  });

  /** Serves the handler as the middleware of another listener, after a function that may read the request. */
  async function start(before: (request: IncomingMessage) => unknown = () => undefined): Promise<string> {
    const server = createServer(async (request, response) => {
      await before(request);
      handler(request, response, () => void response.end("next"));
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it("a transcoding handler calls its third argument, instead of a 404, for a path that no rule has", async () => {
    const url = await start();
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const response = await fetch(`${url}/elsewhere`, { method });
      expect([response.status, await response.text()]).toEqual([200, "next"]);
    }
  });

  it("a transcoding handler with a third argument still answers all requests to paths that a rule has", async () => {
    const url = await start();
    expect(await (await fetch(`${url}/v1/titles`)).json()).toEqual(["a"]);
    expect((await fetch(`${url}/v1/titles`, { method: "DELETE" })).status).toBe(405);
  });

  it("a transcoding handler limits the targets only of paths that a rule has if it has a third argument", async () => {
    const url = await start();
    const query = `?text=${"a".repeat(9_000)}`;
    const elsewhere = await fetch(`${url}/elsewhere/${"a/".repeat(1_000)}${query}`);
    expect([elsewhere.status, await elsewhere.text()]).toEqual([200, "next"]);
    for (const method of ["GET", "DELETE", "OPTIONS"]) {
      expect((await fetch(`${url}/v1/titles${query}`, { method })).status).toBe(414);
    }
    const longPath = await fetch(`${url}/elsewhere/${"a/".repeat(5_000)}`);
    expect([longPath.status, await longPath.text()]).toEqual([200, "next"]);
  });

  it("a transcoding handler answers 500 and reports why if a parser has read the body before", async () => {
    const failures = vi.spyOn(console, "error").mockReturnValue();
    onTestFinished(() => failures.mockRestore());
    const url = await start(text);
    const response = await fetch(`${url}/v1/envelopes`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(response.status).toBe(500);
    expect(String(failures.mock.calls[0]?.[1])).toMatch(
      /body of the request was read before.*express\.json\(\)/,
    );
  });

  it("a transcoding handler serves a request without a body that a parser has read before", async () => {
    const url = await start(text);
    expect(await (await fetch(`${url}/v1/titles`)).json()).toEqual(["a"]);
  });
});
