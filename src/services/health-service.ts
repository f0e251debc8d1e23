import { setTimeout } from "node:timers/promises";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import {
  type Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "#deps/grpc/health/v1/health_pb.js";
import type { PlanStore } from "../store/plan-store.ts";

export type HealthOptions = {
  store: Pick<PlanStore, "health">;
  /** Full names of the services whose health depends on the store; the empty name, the whole server, is implied. */
  services: readonly string[];
  /** Aborted when the server starts to shut down: everything becomes NOT_SERVING, and watches end. */
  stopping: AbortSignal;
  /** How long the store's health is cached, and the interval of watches, in ms. Defaults to 1,000. */
  intervalMs?: number;
};

/**
 * Creates the gRPC health service (https://grpc.io/docs/guides/health-checking/): every service is SERVING while the
 * store can accept a put. Callers need no token, so the store is asked at most once per interval.
 */
export function createHealthService(options: HealthOptions): ServiceImpl<typeof Health> {
  const { store, services, stopping, intervalMs = 1_000 } = options;
  const known = new Set(["", ...services]);
  let status: Promise<ServingStatus> | undefined;
  let cachedUntil = 0;

  async function current(): Promise<ServingStatus> {
    if (stopping.aborted) {
      return ServingStatus.NOT_SERVING;
    }
    if (status === undefined || performance.now() >= cachedUntil) {
      cachedUntil = performance.now() + intervalMs;
      status = store.health().then(
        () => ServingStatus.SERVING,
        () => ServingStatus.NOT_SERVING,
      );
    }
    return status;
  }

  return {
    async check({ service }) {
      if (!known.has(service)) {
        throw new ConnectError("unknown service", Code.NotFound);
      }
      return { status: await current() };
    },

    async list() {
      const now = await current();
      return { statuses: Object.fromEntries([...known].map((service) => [service, { status: now }])) };
    },

    async *watch({ service }, { signal }) {
      const ended = AbortSignal.any([signal, stopping]);
      let sent: ServingStatus | undefined;
      while (!signal.aborted) {
        const now = known.has(service) ? await current() : ServingStatus.SERVICE_UNKNOWN;
        if (now !== sent) {
          sent = now;
          yield { status: now };
        }
        if (stopping.aborted) {
          return;
        }
        await setTimeout(intervalMs, undefined, { signal: ended, ref: false }).catch(() => undefined);
      }
    },
  };
}
