import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { DescMessage, DescMethod, DescMethodStreaming, DescMethodUnary } from "@bufbuild/protobuf";
import { compile } from "../scripts/openapi/compile.ts";
import { found } from "./library.ts";

const fileName = "library/v1/client_library.proto";
const source = readFileSync(new URL("./client-library.proto", import.meta.url), "utf8");
const file = found(compile({ [fileName]: source }).files[0], fileName);

/** The service library.v1.Streams. */
export const streams = found(file.services[0], "service");

function method(name: string): DescMethod {
  return found(
    streams.methods.find((each) => each.name === name),
    name,
  );
}

/** Returns a method of the service that is called once and answers once. */
export function unaryMethod(name: string): DescMethodUnary<DescMessage, DescMessage> {
  return method(name) as DescMethodUnary<DescMessage, DescMessage>;
}

/** Returns a method of the service that streams. */
export function streamMethod(name: string): DescMethodStreaming<DescMessage, DescMessage> {
  return method(name) as DescMethodStreaming<DescMessage, DescMessage>;
}

/** Returns a message of the file. */
export function clientMessage(name: string): DescMessage {
  return found(
    file.messages.find((each) => each.name === name),
    name,
  );
}

/** A server that answers what a test says. */
export type Canned = { readonly baseUrl: string; close(): void };

/** Starts a server on a port of its own. */
export async function serveCanned(listener: RequestListener): Promise<Canned> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
