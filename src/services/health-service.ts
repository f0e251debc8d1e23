import { setTimeout } from "node:timers/promises";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import {
  type Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "#deps/grpc/health/v1/health_pb.js";

export type HealthOptions = {
  /** Returns why the server should receive no calls now; undefined if it should. */
  ready: () => Promise<string | undefined>;
  /** Full names of the services that are served; the empty name, the whole server, is implied. */
  services: readonly string[];
  /** Aborted when the server starts to shut down: watches end. */
  stopping: AbortSignal;
  /** How often a watch checks, in ms. Defaults to 1,000. */
  intervalMs?: number;
};

/**
 * Creates the gRPC health service (https://grpc.io/docs/guides/health-checking/): every service is SERVING while the
 * server is ready. Callers need no token.
 */
export function createHealthService(options: HealthOptions): ServiceImpl<typeof Health> {
  const { ready, services, stopping, intervalMs = 1_000 } = options;
  const known = new Set(["", ...services]);

  async function current(): Promise<ServingStatus> {
    return (await ready()) === undefined ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
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
