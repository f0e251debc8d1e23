import type { Configuration } from "./configurations.ts";
import { exchange, type FrontProtocol } from "./exchange.ts";
import { outcomeOf } from "./outcome.ts";
import type { RunningProxy } from "./proxy.ts";
import { pushPath, type Refusal, refusals, statusJson } from "./refusals.ts";
import type { Site } from "./site.ts";

/** What a proxy did with refused requests, and with the pushes of other callers after each of them. */
export type Measured = {
  /** Number of refused requests that were sent. */
  readonly sent: number;
  /** Number of them whose answer arrived as the server sends it. */
  readonly passed: number;
  /** Duration of each push of another caller, in ms. */
  readonly pushesMs: readonly number[];
  /** Every wrong answer, and every push that failed or was late. */
  readonly problems: readonly string[];
};

/** The outcome of a push, `200` for a success, and its duration. */
export type Push = { readonly outcome: string; readonly ms: number };

/**
 * Time for an answer, in ms. On an idle machine each takes some milliseconds. A caller that waits for the connection of
 * another one, as the suite is meant to find, waits for a minute.
 */
export const maxAnswerMs = 5_000;

/** Pushes of other callers after each refusal: at least one per server and protocol. */
const pushesAfter = ["http/1.1", "h2", "http/1.1", "h2"] as const;

const fronts: readonly FrontProtocol[] = ["http/1.1", "h2"];

let users = 0;

/** Sends every refusal through a proxy, over HTTP/1.1 and HTTP/2, each followed by pushes of other callers. */
export async function measureRefusals(
  site: Site,
  proxy: RunningProxy,
  { grpc }: Configuration,
): Promise<Measured> {
  const problems: string[] = [];
  const pushesMs: number[] = [];
  let sent = 0;
  let passed = 0;
  for (const front of fronts) {
    for (const refusal of refusals) {
      if (refusal.protocol !== "grpc" || (grpc && front === "h2")) {
        const answer = await refusedBy(site, proxy, front, refusal);
        sent += 1;
        passed += answer === refusal.outcome ? 1 : 0;
        if (answer !== refusal.outcome) {
          problems.push(`${refusal.name}, sent over ${front}: ${answer} instead of ${refusal.outcome}`);
        }
        for (const pushFront of pushesAfter) {
          const { outcome, ms } = await pushAs(site, proxy, pushFront);
          pushesMs.push(ms);
          if (outcome !== "200") {
            problems.push(
              `the push of another caller over ${pushFront} after ${refusal.name} over ${front}: ${outcome}`,
            );
          }
        }
      }
    }
  }
  return { sent, passed, pushesMs, problems };
}

async function refusedBy(
  site: Site,
  proxy: RunningProxy,
  front: FrontProtocol,
  refusal: Refusal,
): Promise<string> {
  const release = refusal.overloaded ? await site.overload() : undefined;
  try {
    const answer = await exchange(proxy.port, front, refusal.request(site), maxAnswerMs);
    return outcomeOf(refusal.protocol, answer);
  } catch (error) {
    return String(error);
  } finally {
    await release?.();
  }
}

/** Pushes for a new user on a new connection. */
export async function pushAs(site: Site, proxy: RunningProxy, front: FrontProtocol): Promise<Push> {
  users += 1;
  const headers = { authorization: `Bearer ${site.tokens.push}`, "content-type": "application/json" };
  const push = { method: "POST", path: pushPath(65_001, `other-${users}`), headers, body: statusJson() };
  try {
    const answer = await exchange(proxy.port, front, push, maxAnswerMs);
    return { outcome: outcomeOf("rest", answer), ms: answer.ms };
  } catch (error) {
    return { outcome: String(error), ms: maxAnswerMs };
  }
}
