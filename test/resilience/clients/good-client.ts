import { create, toJsonString } from "@bufbuild/protobuf";
import { Pool } from "undici";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { hour } from "../../support/plan-statuses.ts";
import { createPushHistory, type Push } from "../push-history.ts";
import { readBack } from "../read-back.ts";
import type { Findings } from "../scenario.ts";
import type { Served } from "../served.ts";
import { clientId, clientOf, parent, statusOf } from "./load.ts";
import { boundOf, measurePace, type Pace } from "./pace.ts";

/** A well-behaved client that pushes while other clients misbehave. */
export type GoodClient = {
  /** Pace of its pushes before the attack. */
  readonly before: Pace;
  /** Pushes for some seconds and returns the pace. */
  measure(seconds: number): Promise<Pace>;
  /** Sends one push. Rejects if it fails. */
  push(): Promise<void>;
  /** Closes its connections, so that the server's descriptors can be counted. */
  close(): Promise<void>;
  /** Adds a problem for failed pushes, slow pushes, and acknowledged statuses that are not stored. */
  checkPushes(during: Pace, findings: Findings): Promise<void>;
};

const perSecond = 100;
/** Maximum number of its connections. */
const maxConnections = 8;

/** Starts a client that pushes for new users, and measures its pace before the attack. `ca` is for a server with TLS. */
export async function startGoodClient(server: Served, ca?: string): Promise<GoodClient> {
  const trust = ca === undefined ? {} : { ca };
  const pool = new Pool(server.url, { connections: maxConnections, connect: trust });
  const history = createPushHistory();
  let pushed = 0;
  const failures = new Set<string>();
  const push = async () => {
    const next = history.next(`good-${pushed++}`);
    await post(pool, server.tokens.push, next);
    history.acknowledge(next);
  };
  const pushAndRecordFailure = () =>
    push().catch((error: unknown) => {
      failures.add(String(error));
      throw error;
    });
  // Warms up the code of the server.
  await measurePace(push, { seconds: 1, perSecond });
  const before = await measurePace(push, { seconds: 2, perSecond });
  return {
    before,
    measure: (seconds) => measurePace(pushAndRecordFailure, { seconds, perSecond }),
    push,
    close: () => pool.destroy(),
    async checkPushes(during, { check, problems }) {
      check(
        during.failures === 0,
        `${during.failures} pushes of a well-behaved client failed: ${[...failures].join("; ")}`,
      );
      check(during.p99 <= boundOf(before), `p99 of a well-behaved client: ${during.p99.toFixed(0)} ms`);
      const reader = clientOf(server, { reads: true, ...trust });
      problems.push(...history.compare(await readBack(reader, history.userKeys())));
    },
  };
}

/** Describes the expected pace of a well-behaved client. */
export function expectedPace({ before }: GoodClient): string {
  return `pushes of a well-behaved client succeed with a p99 of at most ${boundOf(before).toFixed(0)} ms (ten times the p99 before, at least 500 ms)`;
}

/** Describes the measured pace of a well-behaved client. */
export function measuredPace({ before }: GoodClient, during: Pace): string {
  return `p99 of a push ${before.p99.toFixed(0)} ms before, ${during.p99.toFixed(0)} ms during`;
}

/** Sends one push without the client of the project, because the connections of that one cannot be closed on demand. */
async function post(pool: Pool, token: string, push: Push): Promise<void> {
  const { statusCode, body } = await pool.request({
    method: "POST",
    path: `/v1/${parent}/clients/${clientId}/users/${encodeURIComponent(push.userKey)}/planStatus`,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: toJsonString(PlanStatusSchema, create(PlanStatusSchema, statusOf(push, hour))),
  });
  const text = await body.text();
  if (statusCode !== 200) {
    throw new Error(`HTTP ${statusCode}: ${text}`);
  }
}
