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
import { connectTimeoutMs, createAgent } from "../network/agent.ts";
import { requireCertificates } from "../network/certificates.ts";
import { createTunnelledSessions } from "../network/http2-sessions.ts";
import { proxyFor } from "../network/proxy.ts";
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

/**
 * Creates a transport with its own connections, through the proxy that the environment names. Throws TypeError if that is
 * not a proxy, or `ca` not a certificate.
 */
export function createTransport({ protocol, ca, registry, ...common }: TransportInit): Transport {
  if (ca !== undefined) {
    requireCertificates(ca, "ca");
  }
  const url = new URL(common.baseUrl);
  if (protocol === "grpc") {
    const sessions = createSessions(url, ca);
    const httpClient = createNodeHttpClient({ httpVersion: "2", sessionProvider: () => sessions });
    return createRpcTransport(protocol, httpClient, common);
  }
  const agent = createAgent(url, ca, { keepAlive: true });
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

function createSessions(url: URL, ca: string | undefined) {
  const proxy = proxyFor(url);
  return proxy === undefined
    ? new Http2SessionManager(url.href, undefined, ca === undefined ? {} : { ca })
    : createTunnelledSessions(url, proxy, { ca, timeoutMs: connectTimeoutMs });
}
