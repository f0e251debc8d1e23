import { create, toJsonString } from "@bufbuild/protobuf";
import { Pool } from "undici";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { hour } from "../../support/plan-statuses.ts";
import { createLedger, type Push } from "../ledger.ts";
import { readBack } from "../read-back.ts";
import type { Findings } from "../scenario.ts";
import type { Served } from "../served.ts";
import { clientId, clientOf, parent, statusOf } from "./load.ts";
import { boundOf, measurePace, type Pace } from "./pace.ts";

/** A client that does everything right, beside those that do not. */
export type GoodClient = {
  /** How its pushes fared before there was trouble. */
  readonly before: Pace;
  /** Pushes for so many seconds. */
  measure(seconds: number): Promise<Pace>;
  /** One push. Rejects as the client does. */
  push(): Promise<void>;
  /** Closes its connections, so that the server's descriptors can be counted. */
  close(): Promise<void>;
  /** Notes pushes that failed or were slow, and what was acknowledged and is not there. */
  judge(during: Pace, findings: Findings): Promise<void>;
};

const perSecond = 50;
/** Its connections at most. */
const connections = 8;

/** Starts pushing for new users, and takes the time as long as there is no trouble. `ca` is for a server with TLS. */
export async function startGoodClient(server: Served, ca?: string): Promise<GoodClient> {
  const trust = ca === undefined ? {} : { ca };
  const pool = new Pool(server.url, { connections, connect: trust });
  const ledger = createLedger();
  let pushed = 0;
  const failures = new Set<string>();
  const push = async () => {
    const next = ledger.next(`good ${pushed++}`);
    await post(pool, server.tokens.push, next);
    ledger.acknowledge(next);
  };
  const noted = () =>
    push().catch((error: unknown) => {
      failures.add(String(error));
      throw error;
    });
  // The program's code is compiled by then.
  await measurePace(push, { seconds: 2, perSecond });
  const before = await measurePace(push, { seconds: 4, perSecond });
  return {
    before,
    measure: (seconds) => measurePace(noted, { seconds, perSecond }),
    push,
    close: () => pool.destroy(),
    async judge(during, { check, faults }) {
      check(
        during.failures === 0,
        `${during.failures} pushes of a good client failed: ${[...failures].join("; ")}`,
      );
      check(during.p99 <= boundOf(before), `p99 of a good client: ${during.p99.toFixed(0)} ms`);
      const reader = clientOf(server, { reads: true, ...trust });
      faults.push(...ledger.compare(await readBack(reader, ledger.userKeys())));
    },
  };
}

/** Says what is required of the pushes of a good client. */
export function paceRequired({ before }: GoodClient): string {
  return `a good client's pushes succeed, with a p99 of at most ${boundOf(before).toFixed(0)} ms (ten times that before, or 500)`;
}

/** Says how they fared. */
export function paceSeen({ before }: GoodClient, during: Pace): string {
  return `p99 of a push ${before.p99.toFixed(0)} ms before, ${during.p99.toFixed(0)} ms meanwhile`;
}

/** By hand, not by the project's client: that one keeps its connections as long as it likes. */
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
