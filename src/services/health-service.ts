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
  /** How often the health is checked for all watches together, in ms. Defaults to 1,000. */
  intervalMs?: number;
};

/**
 * Creates the gRPC health service (https://grpc.io/docs/guides/health-checking/): every service is SERVING while the
 * server is ready. Callers need no token.
 */
export function createHealthService(options: HealthOptions): ServiceImpl<typeof Health> {
  const { services, stopping } = options;
  const known = new Set(["", ...services]);
  const changed = createHealthChanges(options);

  return {
    async check({ service }) {
      if (!known.has(service)) {
        throw new ConnectError("unknown service", Code.NotFound);
      }
      return { status: await healthOf(options) };
    },

    async list() {
      const now = await healthOf(options);
      return { statuses: Object.fromEntries([...known].map((service) => [service, { status: now }])) };
    },

    async *watch({ service }, { signal }) {
      if (!known.has(service)) {
        yield { status: ServingStatus.SERVICE_UNKNOWN };
        await changed(undefined, signal);
        return;
      }
      let sent: ServingStatus | undefined;
      while (!signal.aborted) {
        const now = await healthOf(options);
        if (now !== sent) {
          sent = now;
          yield { status: now };
        }
        if (stopping.aborted) {
          return;
        }
        await changed(sent, signal);
      }
    },
  };
}

async function healthOf({ ready }: Pick<HealthOptions, "ready">): Promise<ServingStatus> {
  return (await ready()) === undefined ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
}

/**
 * Resolves once the health is not `from` any more; for an undefined `from` not before the end. The end is that the signal
 * aborts or the server shuts down.
 */
type HealthChanged = (from: ServingStatus | undefined, signal: AbortSignal) => Promise<void>;

/**
 * Creates the wait for a change of the health. One timer checks it for all that wait: anyone can open watches, so each
 * must cost little.
 */
function createHealthChanges(options: Omit<HealthOptions, "services">): HealthChanged {
  const { stopping, intervalMs = 1_000 } = options;
  const waiting = new Map<(value?: unknown) => void, ServingStatus | undefined>();
  let timer: NodeJS.Timeout | undefined;

  async function wakeChanged(): Promise<void> {
    const now = await healthOf(options);
    for (const [wake, from] of waiting) {
      if (from !== undefined && from !== now) {
        wake();
      }
    }
  }

  stopping.addEventListener("abort", () => {
    for (const wake of waiting.keys()) {
      wake();
    }
  });

  return async function changed(from, signal) {
    if (signal.aborted || stopping.aborted) {
      return;
    }
    const { promise, resolve: wake } = Promise.withResolvers<unknown>();
    waiting.set(wake, from);
    signal.addEventListener("abort", wake);
    timer ??= setInterval(wakeChanged, intervalMs).unref();
    await promise;
    signal.removeEventListener("abort", wake);
    waiting.delete(wake);
    if (waiting.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}
