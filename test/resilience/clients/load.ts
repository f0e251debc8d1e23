import { setTimeout } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import {
  createPlanSharingClient,
  type PlanSharingClient,
  type PlanSharingClientOptions,
} from "../../../src/client/client.ts";
import { readError } from "../../../src/client/read-error.ts";
import type { Random } from "../../fuzz/random.ts";
import { hour } from "../../support/plan-statuses.ts";
import type { Push, PushHistory } from "../push-history.ts";
import type { Served } from "../served.ts";

export const parent = "operators/65001";
export const clientId = "mobiledataplan";

export type LoadOptions = {
  client: PlanSharingClient;
  history: PushHistory;
  random: Random;
  /** User keys are `prefix` and a number below `users`. Each load should have its own prefix. */
  users: number;
  prefix?: string;
  /** Pushes in flight at once. */
  concurrency: number;
  /** Maximum pushes per second of each of the `concurrency` loops; unlimited by default. */
  perSecond?: number;
  /** Time until a status expires, in ms; an hour by default. */
  lifetimeMs?: number;
};

/** Outcomes of the pushes of a load. */
export type LoadCounts = {
  acknowledged: number;
  /** Rejected because a later status is stored. */
  superseded: number;
  /** Number of other failures, by code and reason. */
  readonly failures: Map<string, number>;
  /** Failures with a reason but without RetryInfo. */
  withoutRetryInfo: number;
  /** Duration of each acknowledged push, in ms. */
  readonly durationsMs: number[];
};

/** Pushes that run until they are stopped. */
export type Load = {
  /** Counts so far. */
  readonly counts: LoadCounts;
  /** Stops and resolves when the last push has its outcome. */
  stop(): Promise<LoadCounts>;
};

/** Pause after a failure, in ms, so that a stopped server does not cause a busy loop. */
const failurePauseMs = 10;

/** Starts pushing for random users, and records every push in the history. */
export function startLoad(options: LoadOptions): Load {
  const {
    client,
    history,
    random,
    users,
    concurrency,
    prefix = "user-",
    perSecond,
    lifetimeMs = hour,
  } = options;
  const counts: LoadCounts = {
    acknowledged: 0,
    superseded: 0,
    failures: new Map(),
    withoutRetryInfo: 0,
    durationsMs: [],
  };
  let stopped = false;

  async function pushUntilStopped(): Promise<void> {
    while (!stopped) {
      const began = performance.now();
      const push = history.next(`${prefix}${random.below(users)}`);
      try {
        await send(client, push, lifetimeMs);
        counts.durationsMs.push(performance.now() - began);
        counts.acknowledged += 1;
        history.acknowledge(push);
      } catch (error) {
        countFailure(counts, error);
        await setTimeout(failurePauseMs);
      }
      if (perSecond !== undefined) {
        await setTimeout(Math.max(0, 1000 / perSecond - (performance.now() - began)));
      }
    }
  }

  const running = Promise.all(Array.from({ length: concurrency }, pushUntilStopped));
  return {
    counts,
    async stop() {
      stopped = true;
      await running;
      return counts;
    },
  };
}

/** Sends one push. Rejects with the error of the client. */
export async function send(client: PlanSharingClient, push: Push, lifetimeMs: number = hour): Promise<void> {
  const { userKey } = push;
  await client.createUserPlanStatus({ parent, clientId, userKey, planStatus: statusOf(push, lifetimeMs) });
}

/** Returns the status of a push. */
export function statusOf(push: Push, lifetimeMs: number): MessageInitShape<typeof PlanStatusSchema> {
  return {
    languageCode: "en-US",
    title: push.title,
    updateTime: timestampOf(push.version),
    expireTime: timestampFromMs(Date.now() + lifetimeMs),
  };
}

/** Creates a client that pushes or, with `reads`, reads. It does not retry unless `retry` is given. */
export function clientOf(
  { url, tokens }: Pick<Served, "url" | "tokens">,
  options: Partial<PlanSharingClientOptions> & { reads?: boolean } = {},
): PlanSharingClient {
  const { reads = false, ...more } = options;
  const token = reads ? tokens.read : tokens.push;
  return createPlanSharingClient({ endpoint: url, token, protocol: "rest", retry: false, ...more });
}

/** Returns the failures of a load as one line, with a count for each. */
export function failuresText({ failures }: LoadCounts): string {
  const parts = [...failures].toSorted().map(([failure, count]) => `${count} ${failure}`);
  return parts.length === 0 ? "none" : parts.join(", ");
}

function countFailure(counts: LoadCounts, error: unknown): void {
  const { status, reason, retryAfterMs, message } = readError(error);
  if (reason === "PLAN_STATUS_STALE") {
    counts.superseded += 1;
    return;
  }
  // Without a reason, the connection failed. Ports in its message differ each time, so digits are masked.
  const failure =
    reason === undefined
      ? `${status} (${message.slice(0, 60).replaceAll(/\d+/g, "#")})`
      : `${status} ${reason}`;
  counts.failures.set(failure, (counts.failures.get(failure) ?? 0) + 1);
  if (reason !== undefined && retryAfterMs === undefined) {
    counts.withoutRetryInfo += 1;
  }
}

function timestampOf(micros: number): Pick<Timestamp, "seconds" | "nanos"> {
  return { seconds: BigInt(Math.floor(micros / 1e6)), nanos: (micros % 1e6) * 1000 };
}
