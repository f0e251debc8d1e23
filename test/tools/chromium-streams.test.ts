import { create, type DescFile, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { build } from "esbuild";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTranscodingHandler } from "../../src/transcoding/index.ts";
import { findChromium } from "../interop/browser/find-chromium.ts";
import { testCertificate } from "../support/certificates/certificate.ts";
import { startTestListener } from "../support/test-listener.ts";
import { shelf } from "../transcoding/fixtures/shelf.ts";

const executablePath = findChromium();
const why = executablePath === undefined ? " (skipped: chromium is not installed)" : "";

/** What the page does: reads a stream with the client of src/transcoding, and returns what its caller sees. */
const page = `
  import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
  import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
  import { Code, ConnectError, createClient } from "@connectrpc/connect";
  import { createRestTransport } from "./src/transcoding/client/index.ts";

  globalThis.readStream = async (descriptors, count, isSlow) => {
    const set = fromBinary(FileDescriptorSetSchema, Uint8Array.from(atob(descriptors), (char) => char.charCodeAt(0)));
    const service = createFileRegistry(set).getService("shelf.v1.Shelf");
    const client = createClient(service, createRestTransport({ baseUrl: location.origin }));
    let received = 0;
    try {
      for await (const _ of client.watchBooks({ count })) {
        received += 1;
        if (isSlow) {
          await new Promise((resolve) => requestAnimationFrame(resolve));
        }
      }
      return { received };
    } catch (cause) {
      const { code, rawMessage, details } = ConnectError.from(cause);
      return { received, code: Code[code], text: rawMessage, details: details.length };
    }
  };
`;

/** Returns the files of the service and of everything that it imports, in base64. */
function descriptorsOf(file: DescFile): string {
  const files = new Map<string, FileDescriptorProto>();
  const add = ({ proto, dependencies }: DescFile) => {
    for (const each of dependencies) {
      add(each);
    }
    files.set(proto.name, proto);
  };
  add(file);
  const set = create(FileDescriptorSetSchema, { file: [...files.values()] });
  return Buffer.from(toBinary(FileDescriptorSetSchema, set)).toString("base64");
}

const transcode = createTranscodingHandler({
  errorDomain: "shelf",
  routes(router) {
    router.service(shelf, {
      async *watchBooks({ count }: { count: number }) {
        for (let pages = 1; pages <= count; pages++) {
          yield { title: "x".repeat(10_000), pages };
        }
        throw new ConnectError("the shelf fell", Code.DataLoss);
      },
    } as never);
  },
});

describe.skipIf(executablePath === undefined)(`Chromium${why}`, () => {
  let browser: Browser;
  let script = "";
  beforeAll(async () => {
    const stdin = { contents: page, resolveDir: new URL("../..", import.meta.url).pathname };
    const { outputFiles } = await build({
      stdin,
      bundle: true,
      platform: "browser",
      format: "esm",
      write: false,
    });
    script = outputFiles[0]?.text ?? "";
    const args = ["--headless", "--no-sandbox", "--disable-gpu", "--ignore-certificate-errors"];
    browser = await chromium.launch({ executablePath: executablePath as string, args });
  });
  afterAll(() => browser.close());

  it.each([
    ["HTTP/1.1", {}, "http/1.1"],
    ["HTTP/2", { tls: testCertificate }, "h2"],
  ])("the REST client in Chromium reads the error of streams that are cut over %s", async (_, tls, used) => {
    const descriptors = descriptorsOf(shelf.file);
    await using listener = await startTestListener(
      {},
      {
        ...tls,
        onRequest(request, response) {
          if (request.url === "/" || request.url === "/page.js") {
            response.setHeader("content-type", request.url === "/" ? "text/html" : "text/javascript");
            response.end(
              request.url === "/" ? '<!doctype html><script type="module" src="/page.js"></script>' : script,
            );
          } else {
            transcode(request, response);
          }
        },
      },
    );
    const tab = await browser.newPage();
    await tab.goto(listener.url);
    await tab.waitForFunction(() => "readStream" in globalThis);
    for (const [count, isSlow] of [
      [1, false],
      [1, true],
      [300, false],
      [100, true],
    ] as const) {
      const call = `readStream(${JSON.stringify(descriptors)}, ${count}, ${isSlow})`;
      expect(await tab.evaluate(call)).toEqual({
        received: count,
        code: "DataLoss",
        text: "the shelf fell",
        details: 1,
      });
    }
    const protocols = await tab.evaluate(() => [
      ...new Set(
        performance
          .getEntriesByType("resource")
          .map((each) => (each as { nextHopProtocol?: string }).nextHopProtocol),
      ),
    ]);
    expect(protocols).toEqual([used]);
    await tab.close();
  });
});
