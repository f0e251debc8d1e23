import { base, type Case, type Server } from "./create-cases.ts";
import { type Cost, measure, median } from "./load.ts";
import type { Peer } from "./peer.ts";

/** What was measured in one round: the cost of a request, and as a multiple of the base just before and just after. */
export type Measured = Cost & { ratio: number };

export type RoundsOptions = { rounds: number; seconds: number };

/** Seconds of a measurement of the base. */
const baseSeconds = 0.3;

/** Seconds that a case runs before it is measured: V8 still optimizes in the first ones. */
const warmUpSeconds = 4;

/** Starts the servers of some cases and that of the base, lets `work` use them, and stops them. */
export async function withServers<Result>(
  cases: readonly Case[],
  work: (peerOf: (each: Case) => Peer) => Promise<Result>,
): Promise<Result> {
  const peers = new Map<Server, Peer>();
  try {
    for (const { server } of [base, ...cases]) {
      if (!peers.has(server)) {
        peers.set(server, await server());
      }
    }
    const peerOf = ({ server }: Case) => peers.get(server) as Peer;
    for (const each of new Set([base, ...cases])) {
      for (const load of [...(each.first ? [each.first] : []), each.load]) {
        await measure(peerOf(each), load, warmUpSeconds);
      }
    }
    return await work(peerOf);
  } finally {
    await Promise.all([...peers.values()].map((peer) => peer.stop()));
  }
}

/**
 * Measures cases in turn, as often as there are rounds. The base is measured between any two of them, because the pace of a
 * machine changes within seconds.
 */
export function measureRounds(
  cases: readonly Case[],
  { rounds, seconds }: RoundsOptions,
): Promise<Map<Case, Measured[]>> {
  return withServers(cases, async (peerOf) => {
    const found = new Map<Case, Measured[]>(cases.map((each) => [each, []]));
    const costOfBase = async () => (await measure(peerOf(base), base.load, baseSeconds)).cpuMicrosPerRequest;
    let before = await costOfBase();
    for (let round = 1; round <= rounds; round++) {
      for (let index = 0; index < cases.length; index++) {
        // Each round begins with another case, so that none always follows the same one.
        const each = cases[(index + round * 7) % cases.length] as Case;
        const cost = await measure(peerOf(each), each.load, seconds);
        const after = await costOfBase();
        const ratio = cost.cpuMicrosPerRequest / ((before + after) / 2);
        before = after;
        found.get(each)?.push({ ...cost, ratio });
        console.error(`round ${round}: ${each.name}: ${ratio.toFixed(2)}`);
      }
    }
    return found;
  });
}

/** Returns the first and third quartile, such as `5.1 to 5.4`. */
export function quartiles(values: readonly number[], digits = 2): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => {
    const place = (sorted.length - 1) * part;
    const below = sorted[Math.floor(place)] ?? Number.NaN;
    return below + ((sorted[Math.ceil(place)] ?? Number.NaN) - below) * (place % 1);
  };
  return `${at(0.25).toFixed(digits)} to ${at(0.75).toFixed(digits)}`;
}

/** Returns the columns of a case: cost and its quartiles, CPU time, rate. */
export function columnsOf(measured: readonly Measured[]): string[] {
  const ratios = measured.map(({ ratio }) => ratio);
  const micros = median(measured.map(({ cpuMicrosPerRequest }) => cpuMicrosPerRequest));
  return [median(ratios).toFixed(2), quartiles(ratios), micros.toFixed(0), (1_000_000 / micros).toFixed(0)];
}
