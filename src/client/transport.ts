import { X509Certificate } from "node:crypto";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Interceptor, Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { createRestTransport } from "../transcoding/client/index.ts";
import { createNodeFetch } from "./node-fetch.ts";

/** The protocols that a client can speak. Google's own hosts speak REST only. */
export type PlanSharingProtocol = "connect" | "grpc" | "grpc-web" | "rest";

export type TransportInit = {
  /** Without a slash at its end. */
  baseUrl: string;
  protocol: PlanSharingProtocol;
  /** Certificates to trust in place of the well-known ones, PEM. */
  ca: string | undefined;
  /** Time-out of calls that name none, in milliseconds. */
  defaultTimeoutMs: number;
  /** The first one outermost. */
  interceptors: Interceptor[];
};

/** Creates the transport, with connections of its own. Raises TypeError if `ca` is no certificate. */
export function createTransport({ protocol, ca, ...common }: TransportInit): Transport {
  const trust = ca === undefined ? {} : { ca: requireCertificate(ca) };
  if (protocol === "grpc") {
    return createGrpcTransport({ ...common, nodeOptions: trust });
  }
  const agent = common.baseUrl.startsWith("https:")
    ? new HttpsAgent({ ...trust, keepAlive: true })
    : new HttpAgent({ keepAlive: true });
  switch (protocol) {
    case "connect":
      return createConnectTransport({ ...common, httpVersion: "1.1", nodeOptions: { agent } });
    case "grpc-web":
      return createGrpcWebTransport({ ...common, httpVersion: "1.1", nodeOptions: { agent } });
    case "rest":
      return createRestTransport({ ...common, fetch: createNodeFetch(agent) });
    default:
      throw new TypeError(`protocol: ${protocol} must be connect, grpc, grpc-web or rest`);
  }
}

/** TLS takes any text for certificates, and then trusts nobody. */
function requireCertificate(pem: string): string {
  try {
    new X509Certificate(pem);
    return pem;
  } catch {
    throw new TypeError("ca: must be one or more certificates in PEM");
  }
}
