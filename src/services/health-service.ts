import { setTimeout } from "node:timers/promises";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import {
  type Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "#deps/grpc/health/v1/health_pb.js";
import type { PlanStore } from "../store/plan-store.ts";

export type HealthOptions = {
  store: Pick<PlanStore, "health">;
  /** Full names of the services whose health is the store's; the empty name is the server as a whole. */
  services: readonly string[];
  /** Aborted when the server begins to stop: from then on nothing is SERVING, and watchers are told and let go. */
  stopping: AbortSignal;
  /** For how long an answer of the store holds, and how often a watcher's is looked at, in ms. Defaults to 1,000. */
  intervalMs?: number;
};

/**
 * Creates the health service of gRPC (https://grpc.io/docs/guides/health-checking/): every service is SERVING while
 * the store could take a put. Whoever may connect may ask, so that the store is asked once an interval at most.
 */
export function createHealthService(options: HealthOptions): ServiceImpl<typeof Health> {
  const { store, services, stopping, intervalMs = 1_000 } = options;
  const known = new Set(["", ...services]);
  let status: Promise<ServingStatus> | undefined;
  let askAgainAt = 0;

  async function current(): Promise<ServingStatus> {
    if (stopping.aborted) {
      return ServingStatus.NOT_SERVING;
    }
    if (status === undefined || performance.now() >= askAgainAt) {
      askAgainAt = performance.now() + intervalMs;
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
        throw new ConnectError("there is no such service", Code.NotFound);
      }
      return { status: await current() };
    },

    async list() {
      const now = await current();
      return { statuses: Object.fromEntries([...known].map((service) => [service, { status: now }])) };
    },

    async *watch({ service }, { signal }) {
      const either = AbortSignal.any([signal, stopping]);
      let told: ServingStatus | undefined;
      while (!signal.aborted) {
        const now = known.has(service) ? await current() : ServingStatus.SERVICE_UNKNOWN;
        if (now !== told) {
          told = now;
          yield { status: now };
        }
        if (stopping.aborted) {
          return;
        }
        await setTimeout(intervalMs, undefined, { signal: either, ref: false }).catch(() => undefined);
      }
    },
  };
}
