import { isDeepStrictEqual } from "node:util";
import { type Answer, type Call, decode } from "./answer.ts";
import { knownAdditions } from "./known-additions.ts";
import { knownDifferences } from "./known-differences.ts";
import type { Case } from "./requests.ts";
import { connectTo, host, type Received, type Sent } from "./send.ts";
import { caseHeader, scriptedRoutes } from "./service.ts";
import { serveConnectNode, serveOurs } from "./stacks.ts";

/** The answers to a request, if they differ from what is known. */
export type Difference = { readonly ours: Answer; readonly expected: Answer };

/** Compares the answers of two stacks. */
export type Comparison = {
  /** Sends a request to both. Returns undefined if they answer alike, except for what is known. */
  compare(each: Case): Promise<Difference | undefined>;
  /** Reasons of known differences that no request has needed. */
  unneeded(): string[];
  close(): Promise<void>;
};

export async function startComparison(): Promise<Comparison> {
  const needed = new Set<string>();
  const [ours, theirs] = [await startServer(serveOurs), await startServer(serveConnectNode)];

  /** Returns the answer of connect-node to a request, or to its equivalent. */
  async function answerOfTheirs(each: Case): Promise<Answer> {
    let answered = await theirs.answer(each.id, each.sent);
    let equivalent = each;
    for (const [index, { reason, equivalentOf }] of knownAdditions.entries()) {
      const sent = equivalentOf(equivalent);
      if (sent !== undefined) {
        const other = await theirs.answer(`${each.id}-${index}`, sent);
        const told = withCallOf(each.sent, sent, other);
        if (!isDeepStrictEqual(told, answered)) {
          needed.add(reason);
        }
        answered = told;
        equivalent = { ...equivalent, sent };
      }
    }
    return answered;
  }

  return {
    async compare(each) {
      const [answered, plain] = await Promise.all([ours.answer(each.id, each.sent), answerOfTheirs(each)]);
      let expected = plain;
      for (const difference of knownDifferences) {
        const changed = difference.expected(expected, answered, each);
        if (changed !== undefined && !isDeepStrictEqual(changed, expected)) {
          needed.add(difference.reason);
          expected = changed;
        }
      }
      return isDeepStrictEqual(answered, expected) ? undefined : { ours: answered, expected };
    },
    unneeded: () =>
      [...knownDifferences, ...knownAdditions]
        .map(({ reason }) => reason)
        .filter((reason) => !needed.has(reason)),
    async close() {
      await Promise.all([ours.close(), theirs.close()]);
    },
  };
}

async function startServer(serve: typeof serveOurs) {
  const calls = new Map<string | null, number>();
  const stack = await serve({ routes: scriptedRoutes((id) => calls.set(id, (calls.get(id) ?? 0) + 1)) });
  const client = connectTo(stack);
  return {
    /** Sends a request with an id, by which calls of the implementation are counted. */
    async answer(id: string, sent: Sent): Promise<Answer> {
      const identified = { ...sent, headers: [...sent.headers, [caseHeader, id] as const] };
      const received = await client.send(identified).catch(noAnswer);
      return decode(received, sent.method, calls.get(id) ?? 0);
    },
    close() {
      client.close();
      return stack.close();
    },
  };
}

/** The connection or the stream ended without a response. */
function noAnswer(error: unknown): Received {
  return {
    status: 0,
    headers: { "x-error": [String(error)] },
    trailers: {},
    body: Buffer.alloc(0),
    isCut: true,
  };
}

/** Makes what an implementation was told of an equivalent request that of the request itself. */
function withCallOf(sent: Sent, equivalent: Sent, answered: Answer): Answer {
  const { call, ...rest } = answered;
  if (call === undefined) {
    return rest;
  }
  const told: Call = {
    ...call,
    ...(sent.target !== equivalent.target && { url: `http://${host}${sent.target}` }),
    requestHeaders: {
      ...call.requestHeaders,
      ...(sent.body &&
        call.requestHeaders?.["content-length"] && { "content-length": String(sent.body.length) }),
      ...Object.fromEntries(
        sent.headers.filter((field, index) => field[1] !== equivalent.headers[index]?.[1]),
      ),
    },
  };
  return { ...rest, call: told };
}
