import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "#deps/grpc/health/v1/health_pb.js";
import { testCertificate } from "../support/certificates/certificate.ts";

/**
 * Watches the health of a server through a proxy until the first message, which arrives while the stream is open.
 * Returns whether it says SERVING.
 */
export async function watchesServing(
  port: number,
  protocol: "connect" | "grpc",
  withinMs: number,
): Promise<boolean> {
  const options = {
    baseUrl: `https://127.0.0.1:${port}`,
    nodeOptions: { ca: testCertificate.cert, servername: "localhost" },
  };
  const transport =
    protocol === "grpc"
      ? createGrpcTransport(options)
      : createConnectTransport({ ...options, httpVersion: "1.1" });
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(withinMs)]);
  const messages = createClient(Health, transport).watch({ service: "" }, { signal })[Symbol.asyncIterator]();
  const first = await messages.next();
  ending.abort();
  await messages.next().catch(() => undefined);
  return first.done !== true && first.value.status === ServingStatus.SERVING;
}
