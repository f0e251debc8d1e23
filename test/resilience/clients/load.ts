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
import type { Ledger, Push } from "../ledger.ts";
import type { Served } from "../served.ts";

/** Whose records they are. */
export const parent = "operators/65001";
export const clientId = "mobiledataplan";

export type LoadOptions = {
  client: PlanSharingClient;
  ledger: Ledger;
  random: Random;
  /** Users are `prefix` and a number below `users`; each load should have its own. */
  users: number;
  prefix?: string;
  /** Pushes under way at once. */
  lanes: number;
  /** Pushes a second in each lane at most; as fast as they go if left out. */
  perSecond?: number;
  /** How long a status holds, in ms: an hour unless said otherwise. */
  lifetimeMs?: number;
};

/** What became of the pushes of a load. */
export type LoadCounts = {
  acknowledged: number;
  /** Refused because a later one is stored. */
  superseded: number;
  /** How often each other failure came, by code and reason. */
  readonly failures: Map<string, number>;
  /** Failures with a reason whose repetition the server gave no time for. */
  withoutRetryInfo: number;
  /** How long each acknowledged push took, in ms. */
  readonly durationsMs: number[];
};

/** Pushes that go on until they are stopped. */
export type Load = {
  /** Up to now. */
  readonly counts: LoadCounts;
  /** Resolves when the last push has its outcome. */
  stop(): Promise<LoadCounts>;
};

/** How long a lane waits after a failure, in ms: a server that is gone is no reason to spin. */
const failurePauseMs = 10;

/** Starts pushing for random users. Every outcome gets into the ledger. */
export function startLoad(options: LoadOptions): Load {
  const { client, ledger, random, users, lanes, prefix = "user ", perSecond, lifetimeMs = hour } = options;
  const counts: LoadCounts = {
    acknowledged: 0,
    superseded: 0,
    failures: new Map(),
    withoutRetryInfo: 0,
    durationsMs: [],
  };
  let stopped = false;

  async function lane(): Promise<void> {
    while (!stopped) {
      const began = performance.now();
      const push = ledger.next(`${prefix}${random.below(users)}`);
      try {
        await send(client, push, lifetimeMs);
        counts.durationsMs.push(performance.now() - began);
        counts.acknowledged += 1;
        ledger.acknowledge(push);
      } catch (error) {
        note(counts, error);
        await setTimeout(failurePauseMs);
      }
      if (perSecond !== undefined) {
        await setTimeout(Math.max(0, 1000 / perSecond - (performance.now() - began)));
      }
    }
  }

  const running = Promise.all(Array.from({ length: lanes }, lane));
  return {
    counts,
    async stop() {
      stopped = true;
      await running;
      return counts;
    },
  };
}

/** Sends one push. Rejects as the client does. */
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

/** Creates the project's client for a server, to push or to read; it repeats nothing unless told. */
export function clientOf(
  { url, tokens }: Pick<Served, "url" | "tokens">,
  options: Partial<PlanSharingClientOptions> & { reads?: boolean } = {},
): PlanSharingClient {
  const { reads = false, ...more } = options;
  const token = reads ? tokens.read : tokens.push;
  return createPlanSharingClient({ endpoint: url, token, protocol: "rest", retry: false, ...more });
}

/** Writes the failures of a load in one line, the same ones together. */
export function failuresText({ failures }: LoadCounts): string {
  const words = [...failures].toSorted().map(([failure, count]) => `${count} ${failure}`);
  return words.length === 0 ? "none" : words.join(", ");
}

function note(counts: LoadCounts, error: unknown): void {
  const { status, reason, retryAfterMs, message } = readError(error);
  if (reason === "PLAN_STATUS_STALE") {
    counts.superseded += 1;
    return;
  }
  // Without a reason it was the connection; its message has ports and paths that never are the same.
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
