import type { Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { createRestTransport } from "../../../src/transcoding/client/index.ts";

export type ProtocolName = "connect" | "connect json" | "grpc-web" | "grpc-web json" | "rest";

/** A protocol that browsers can speak. */
type Protocol = {
  readonly name: ProtocolName;
  createTransport(baseUrl: string): Transport;
};

export const protocols: readonly Protocol[] = [
  {
    name: "connect",
    createTransport: (baseUrl) => createConnectTransport({ baseUrl, useBinaryFormat: true }),
  },
  {
    name: "connect json",
    createTransport: (baseUrl) => createConnectTransport({ baseUrl, useBinaryFormat: false }),
  },
  {
    name: "grpc-web",
    createTransport: (baseUrl) => createGrpcWebTransport({ baseUrl, useBinaryFormat: true }),
  },
  {
    name: "grpc-web json",
    createTransport: (baseUrl) => createGrpcWebTransport({ baseUrl, useBinaryFormat: false }),
  },
  {
    name: "rest",
    createTransport: (baseUrl) => createRestTransport({ baseUrl }),
  },
];
