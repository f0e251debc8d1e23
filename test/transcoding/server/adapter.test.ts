import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type ConnectRouter, createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport } from "@connectrpc/connect-node";
import { expect, it } from "vitest";
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
