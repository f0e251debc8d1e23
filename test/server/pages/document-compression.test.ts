import { connect } from "node:http2";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { create } from "@bufbuild/protobuf";
import { afterAll, expect, it, vi } from "vitest";
import { AuthConfigSchema } from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { startTestServer } from "../../support/test-server.ts";

// Other tests of this process have modules without the mock already, and must not get those with it.
vi.hoisted(() => vi.resetModules());
afterAll(() => {
  vi.doUnmock("node:zlib");
  vi.resetModules();
});

const compressions = vi.hoisted(() => ({ count: 0 }));

vi.mock("node:zlib", async (importOriginal) => {
  const zlib = await importOriginal<typeof import("node:zlib")>();
  const counted = (compress: (...args: never[]) => void) =>
    function countCompression(...args: never[]) {
      compressions.count += 1;
      compress(...args);
    };
  return { ...zlib, brotliCompress: counted(zlib.brotliCompress), gzip: counted(zlib.gzip) };
});

it.each(["/$discovery/rest", "/openapi.json"])(
  "%s is compressed once for each coding and public URL, however often it is requested",
  async (path) => {
    compressions.count = 0;
    const publicUrls = ["https://a.example.com", "https://b.example.com"];
    await using server = await startTestServer({ auth: create(AuthConfigSchema, { publicUrls }) });
    const session = connect(server.url);

    async function get(authority: string, encoding: string, method = "GET"): Promise<Buffer> {
      const stream = session.request({
        ":method": method,
        ":path": path,
        ":authority": authority,
        "accept-encoding": encoding,
      });
      return Buffer.concat(await stream.toArray());
    }

    const texts = new Set<string>();
    const requests = publicUrls.flatMap((url) =>
      Array.from({ length: 20 }, async () => {
        const { host } = new URL(url);
        const [brotli, gzip] = await Promise.all([
          get(host, "br"),
          get(host, "gzip"),
          get(host, "br", "HEAD"),
        ]);
        expect(brotliDecompressSync(brotli)).toEqual(gunzipSync(gzip));
        texts.add(gunzipSync(gzip).toString());
      }),
    );
    await Promise.all(requests);
    session.destroy();
    expect(texts.size).toBe(2);
    expect(compressions.count).toBe(4);
  },
);
