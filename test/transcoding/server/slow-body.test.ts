import { once } from "node:events";
import type { ServerHttp2Stream } from "node:http2";
import { constants, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { createTranscodingHandler } from "../../../src/transcoding/server/handler.ts";
import {
  encodeRequest,
  frameFlags,
  frameTypes,
  openFrameClient,
  resetCode,
} from "../../support/http/http2-frames.ts";
import { library } from "../fixtures/library.ts";

// Not with a client of node:http2, which stops sending once its stream is reset.
it("ends an HTTP/2 stream whose body was too slow although the client continues to send it", {
  timeout: 5_000,
}, async () => {
  const handler = createTranscodingHandler({
    routes(router) {
      for (const method of library.methods.filter(({ methodKind }) => methodKind === "unary")) {
        router.rpc(method, (() => ({})) as never);
      }
    },
    bodyTimeoutMs: 50,
  });
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  using client = await openFrameClient((server.address() as AddressInfo).port);
  const payload = encodeRequest({ ":path": "/v1/everything" });
  client.send({ type: frameTypes.headers, flags: frameFlags.endHeaders, stream: 1, payload });
  const [stream] = (await once(server, "stream")) as [ServerHttp2Stream];
  const drip = setInterval(
    () => client.send({ type: frameTypes.data, stream: 1, payload: Buffer.from(" ") }),
    1,
  );
  try {
    await once(stream, "close");
    await client.received(({ type }) => type === frameTypes.rstStream);
    expect(resetCode(client.frames(), 1)).toBe(constants.NGHTTP2_NO_ERROR);
  } finally {
    clearInterval(drip);
    server.close();
  }
});
