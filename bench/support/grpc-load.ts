import { type ClientHttp2Session, connect } from "node:http2";
import { create, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { CreateUserPlanStatusRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { exampleStatus } from "../../src/examples/index.ts";
import type { Cost, Pressure } from "./load.ts";
import type { Peer } from "./peer.ts";

const connections = 8;
const users = 10_000;

/**
 * Sends gRPC creates to a peer for some seconds, over eight connections, and returns the peer's cost per request.
 * Requests are encoded beforehand, so that the client's work does not count. Throws if a request fails.
 */
export async function measureGrpc(
  peer: Peer,
  token: string,
  seconds: number,
  { rate, connections: callers = 64 }: Pressure = {},
): Promise<Cost> {
  const bodies = makeBodies();
  const sessions = Array.from({ length: connections }, () => connect(peer.url));
  const latencies: number[] = [];
  const before = await peer.usage();
  const began = performance.now();
  const end = began + seconds * 1000;
  let sent = 0;
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      const session = sessions[caller % connections] as ClientHttp2Session;
      // With a rate, each caller has fixed times to send at. Latency counts from that time, so that delays are included.
      const pause = rate === undefined ? 0 : (callers / rate) * 1000;
      for (let due = began + (caller / callers) * pause; due < end; ) {
        if (rate !== undefined) {
          await until(due);
        }
        await call(session, token, bodies[sent++ % users] as Buffer);
        const now = performance.now();
        latencies.push(now - due);
        due = rate === undefined ? now : due + pause;
      }
    }),
  );
  const elapsed = performance.now() - began;
  const after = await peer.usage();
  for (const session of sessions) {
    session.close();
  }
  latencies.sort((a, b) => a - b);
  const quantile = (part: number) => latencies[Math.floor(latencies.length * part)] ?? Number.NaN;
  return {
    requests: latencies.length,
    cpuMicrosPerRequest: (after.cpuMicros - before.cpuMicros) / latencies.length,
    requestsPerSecond: latencies.length / (elapsed / 1000),
    p50: quantile(0.5),
    p99: quantile(0.99),
  };
}

/** Returns a framed gRPC request for each user: a prepaid plan with three modules. */
function makeBodies(): Buffer[] {
  const planStatus = fromJson(PlanStatusSchema, exampleStatus(new Date()) as JsonValue);
  return Array.from({ length: users }, (_, user) => {
    const message = toBinary(
      CreateUserPlanStatusRequestSchema,
      create(CreateUserPlanStatusRequestSchema, {
        parent: "operators/65001",
        clientId: "mobiledataplan",
        userKey: `a/b+c${user}==`,
        planStatus,
      }),
    );
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    return Buffer.concat([head, message]);
  });
}

function call(session: ClientHttp2Session, token: string, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "POST",
      ":path": "/mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus",
      "content-type": "application/grpc",
      te: "trailers",
      authorization: `Bearer ${token}`,
    });
    const check = (headers: Record<string, unknown>) => {
      const status = headers["grpc-status"];
      if (status !== undefined && status !== "0") {
        reject(new Error(`gRPC status ${status}`));
      }
    };
    stream.on("response", check).on("trailers", check).on("error", reject).on("close", resolve);
    stream.resume().end(body);
  });
}

function until(time: number): Promise<void> {
  const wait = time - performance.now();
  return new Promise((resolve) => (wait > 1 ? setTimeout(resolve, wait) : setImmediate(resolve)));
}
