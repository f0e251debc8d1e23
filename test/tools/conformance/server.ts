/**
 * The server that connectconformance starts: `node server.ts DESCRIPTORS ours|connect-node`. It reads on standard input
 * what to serve and writes its address on standard output. `ours` is this project's listener, router, admission and RPC
 * handler, with a gate that admits everybody; `connect-node` is connect-node alone, for comparison.
 */
import { createServer } from "node:http";
import { createServer as createHttp2Server, createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { create, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { compressionBrotli, compressionGzip, connectNodeAdapter } from "@connectrpc/connect-node";
import { defaultLimits } from "../../../src/server/limits/server-limits.ts";
import { listenRpcStack } from "../../support/http/rpc-stack.ts";
import { conformanceRoutes, messageOf, readDescriptors } from "./service.ts";

/** connectrpc.conformance.v1.ServerCompatRequest. */
type Asked = Message & {
  readonly httpVersion: number;
  readonly useTls: boolean;
  readonly messageReceiveLimit: number;
  readonly serverCreds?: { readonly cert: Uint8Array; readonly key: Uint8Array };
};

const http2 = 2;
const [descriptors = "", stack = "ours"] = process.argv.slice(2);
const registry = readDescriptors(descriptors);
const routes = conformanceRoutes(registry);
const asked = fromBinary(messageOf(registry, "ServerCompatRequest"), await readMessage()) as Asked;
const { serverCreds } = asked;
const tls =
  asked.useTls && serverCreds !== undefined
    ? { cert: Buffer.from(serverCreds.cert).toString(), key: Buffer.from(serverCreds.key).toString() }
    : undefined;
const readMaxBytes = asked.messageReceiveLimit || defaultLimits.maxRequestBytes;
const port = stack === "ours" ? await startOurs() : await startConnectNode();
const responseType = messageOf(registry, "ServerCompatResponse");
const response = create(responseType, {
  host: "127.0.0.1",
  port,
  ...(tls !== undefined && { pemCert: serverCreds?.cert }),
});
const content = toBinary(responseType, response);
const length = Buffer.alloc(4);
length.writeUInt32BE(content.length);
process.stdout.write(Buffer.concat([length, content]));
process.on("SIGTERM", () => process.exit(0));

async function startOurs(): Promise<number> {
  const listener = await listenRpcStack({ routes, registry, readMaxBytes, tls });
  return Number(new URL(listener.url).port);
}

async function startConnectNode(): Promise<number> {
  const handle = connectNodeAdapter({
    routes,
    acceptCompression: [compressionGzip, compressionBrotli],
    jsonOptions: { registry },
    readMaxBytes,
  });
  let server: Server;
  if (asked.httpVersion === http2) {
    server = tls ? createSecureServer({ ...tls, allowHTTP1: true }, handle) : createHttp2Server(handle);
  } else {
    server = tls ? createHttpsServer(tls, handle) : createServer(handle);
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Reads a message after its length in four bytes. */
async function readMessage(): Promise<Uint8Array> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    if (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
      break;
    }
  }
  return bytes.subarray(4, 4 + bytes.readUInt32BE(0));
}
