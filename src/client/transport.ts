import { X509Certificate } from "node:crypto";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { createRegistry, type Registry } from "@bufbuild/protobuf";
import type { Interceptor, Transport } from "@connectrpc/connect";
import type { UniversalClientFn } from "@connectrpc/connect/protocol";
import { createTransport as createConnectTransport } from "@connectrpc/connect/protocol-connect";
import { createTransport as createGrpcTransport } from "@connectrpc/connect/protocol-grpc";
import { createTransport as createGrpcWebTransport } from "@connectrpc/connect/protocol-grpc-web";
import {
  compressionBrotli,
  compressionGzip,
  createNodeHttpClient,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { contractCodecs, contractTypes } from "../contract/contract-types.ts";
import { createRestTransport } from "../transcoding/client/index.ts";
import { createNodeFetch } from "./node-fetch.ts";
import { withReadableErrors } from "./readable-errors.ts";

/** The protocols of a client. Google's hosts speak REST only. */
export type PlanSharingProtocol = "connect" | "grpc" | "grpc-web" | "rest";

type TransportInit = {
  /** Without a trailing slash. */
  baseUrl: string;
  protocol: PlanSharingProtocol;
  /** PEM certificates to trust instead of the well-known ones. */
  ca: string | undefined;
  /** Timeout of calls that have none, in milliseconds. */
  defaultTimeoutMs: number;
  /** Types that the details of errors may contain, besides those of the contract. */
  registry?: Registry | undefined;
  /** The first one is outermost. */
  interceptors: Interceptor[];
};

/** The defaults of connect-node, whose own transports do not take an HTTP client. */
export const rpcDefaults = {
  useBinaryFormat: true,
  acceptCompression: [compressionGzip, compressionBrotli],
  sendCompression: null,
  compressMinBytes: 1024,
  readMaxBytes: 0xffffffff,
  writeMaxBytes: 0xffffffff,
};

/** Creates a transport with its own connections. Throws TypeError if `ca` is not a certificate. */
export function createTransport({ protocol, ca, registry, ...common }: TransportInit): Transport {
  const trust = ca === undefined ? {} : { ca: requireCertificate(ca) };
  if (protocol === "grpc") {
    const sessions = new Http2SessionManager(common.baseUrl, undefined, trust);
    const httpClient = createNodeHttpClient({ httpVersion: "2", sessionProvider: () => sessions });
    return createRpcTransport(protocol, httpClient, common);
  }
  const agent = common.baseUrl.startsWith("https:")
    ? new HttpsAgent({ ...trust, keepAlive: true })
    : new HttpAgent({ keepAlive: true });
  switch (protocol) {
    case "connect":
    case "grpc-web": {
      const httpClient = createNodeHttpClient({ httpVersion: "1.1", nodeOptions: { agent } });
      return createRpcTransport(protocol, httpClient, common);
    }
    case "rest":
      return createRestTransport({
        ...common,
        jsonOptions: { registry: createRegistry(contractTypes, ...(registry ? [registry] : [])) },
        codecs: contractCodecs,
        fetch: createNodeFetch(agent),
      });
    default:
      throw new TypeError(`protocol: ${protocol} must be connect, grpc, grpc-web or rest`);
  }
}

const rpcTransports = {
  connect: createConnectTransport,
  grpc: createGrpcTransport,
  "grpc-web": createGrpcWebTransport,
};

/** The protocols of RPC. */
export type RpcProtocol = keyof typeof rpcTransports;

/** Creates the transport of a protocol of RPC over an HTTP client. */
export function createRpcTransport(
  protocol: RpcProtocol,
  httpClient: UniversalClientFn,
  options: Pick<TransportInit, "baseUrl" | "interceptors"> & Partial<Pick<TransportInit, "defaultTimeoutMs">>,
): Transport {
  const create = rpcTransports[protocol];
  return create({ ...rpcDefaults, ...options, httpClient: withReadableErrors(httpClient) });
}

/** Node's TLS accepts any text as `ca` and then trusts no server. */
function requireCertificate(pem: string): string {
  try {
    new X509Certificate(pem);
    return pem;
  } catch {
    throw new TypeError("ca: must be one or more certificates in PEM");
  }
}
