import { describe, expect, it } from "vitest";
import type { PushRequest } from "../../../src/push/input/push-request.ts";
import { createConcurrency } from "../../../src/push/send/concurrency.ts";
import { type Outcome, troubleOf } from "../../../src/push/send/outcome.ts";
import { createPacer } from "../../../src/push/send/pacer.ts";
import {
  createRetryingSender,
  type RetryOptions,
  type Timer,
} from "../../../src/push/send/retrying-sender.ts";
import { createVirtualTimer } from "../../support/push-timer.ts";

const pushed: Outcome = { kind: "pushed" };
const rejection = { code: "INTERNAL", reason: "INTERNAL", message: "m", violations: [], metadata: {} };
const requestOf = (userKey: string) => ({ userKey }) as PushRequest;

/** A sender whose attempts are answered by `answer`, in virtual time. */
function createStub(
  answer: (userKey: string, attempt: number) => Outcome | Promise<Outcome>,
  options: Partial<RetryOptions> = {},
) {
  const timer = createVirtualTimer();
  const stopping = new AbortController();
  /** When each attempt was made, in milliseconds. */
  const sentAt: number[] = [];
  const attempts = new Map<string, number>();
  let retries = 0;
  let inFlight = 0;
  const { send, waiting } = createRetryingSender(
    {
      sender: {
        async send({ userKey }) {
          sentAt.push(timer.now());
          attempts.set(userKey, (attempts.get(userKey) ?? 0) + 1);
          return answer(userKey, attempts.get(userKey) ?? 0);
        },
        stopConnecting: () => undefined,
        close: () => undefined,
      },
      concurrency: createConcurrency({ cap: 8 }),
      backOff: (_, retryAfterMs) => retryAfterMs ?? 100,
      maxAttempts: 3,
      stallTimeoutMs: 60_000,
      timer,
      ...options,
    },
    { signal: stopping.signal, inFlight: () => inFlight, onRetry: () => retries++, onUncounted: () => {} },
  );
  return {
    async send(userKey: string) {
      inFlight += 1;
      try {
        return await send(requestOf(userKey));
      } finally {
        inFlight -= 1;
      }
    },
    waiting,
    sentAt,
    timer,
    stop: () => stopping.abort(),
    retries: () => retries,
  };
}

describe("createRetryingSender", () => {
  it.each<Outcome>([
    pushed,
    { kind: "superseded", ...rejection },
    { kind: "rejected", ...rejection },
    { kind: "unauthenticated", ...rejection },
  ])("does not retry an attempt whose outcome is $kind", async (outcome) => {
    const stub = createStub(() => outcome);
    expect(await stub.send("a")).toEqual(outcome);
    expect([stub.sentAt.length, stub.retries()]).toEqual([1, 0]);
  });

  it("retries after the back-off, or after the time that the server asks for", async () => {
    const stub = createStub((_, attempt) =>
      attempt === 3
        ? pushed
        : { ...troubleOf("silent", "busy"), retryAfterMs: attempt === 1 ? undefined : 7_000 },
    );
    expect(await stub.send("a")).toEqual(pushed);
    expect(stub.sentAt).toEqual([0, 100, 7_100]);
    expect(stub.retries()).toBe(2);
  });

  it("rejects a record after maxAttempts attempts that failed while another record succeeded", async () => {
    const stub = createStub(async (userKey) => {
      if (userKey === "good") {
        return pushed;
      }
      await stub.timer.sleep(1, new AbortController().signal);
      await stub.send("good");
      return troubleOf("silent", "no answer");
    });
    expect(await stub.send("bad")).toMatchObject({
      kind: "rejected",
      code: "UNAVAILABLE",
      message: "given up after 3 attempts: no answer",
    });
  });

  it("does not count attempts that failed while no other record succeeded", async () => {
    const stub = createStub((_, attempt) => (attempt <= 20 ? troubleOf("silent", "no answer") : pushed));
    expect(await stub.send("a")).toEqual(pushed);
    expect(stub.retries()).toBe(20);
  });

  it("gives up as stalled when no request succeeded for longer than stallTimeoutMs", async () => {
    const stub = createStub(() => troubleOf("silent", "no answer"), { stallTimeoutMs: 2_000 });
    expect(await stub.send("a")).toEqual({
      kind: "stalled",
      message: "no request succeeded for 2 s: no answer",
    });
    expect(stub.sentAt.length).toBe(22);
  });

  it("says since when no request has succeeded and why, until one succeeds", async () => {
    const seen: unknown[] = [];
    const stub = createStub((_, attempt) => {
      seen.push(stub.waiting());
      return attempt === 4 ? pushed : troubleOf("silent", `refused ${attempt}`);
    });
    expect(await stub.send("a")).toEqual(pushed);
    expect(seen).toEqual([
      undefined,
      expect.objectContaining({ ms: 100, message: "refused 1" }),
      expect.objectContaining({ ms: 200, message: "refused 2" }),
      expect.objectContaining({ ms: 300, message: "refused 3" }),
    ]);
    expect(stub.waiting()).toBeUndefined();
  });

  it("rejects a record that is too large for a proxy only after another record has succeeded", async () => {
    const tooLarge = troubleOf("too-large", "HTTP 413");
    const alone = createStub(() => tooLarge, { stallTimeoutMs: 2_000 });
    expect(await alone.send("large")).toMatchObject({ kind: "stalled" });
    const stub = createStub(async (userKey, attempt) => {
      if (userKey === "small") {
        return pushed;
      }
      if (attempt === 2) {
        await stub.timer.sleep(1, new AbortController().signal);
        await stub.send("small");
      }
      return tooLarge;
    });
    expect(await stub.send("large")).toMatchObject({
      kind: "rejected",
      message: "given up after 2 attempts: HTTP 413",
    });
  });

  /** Sends a record that fails with a trouble, beside one that succeeds while the first attempt is in flight. */
  async function failAfterSuccess(trouble: Outcome, options: Partial<RetryOptions> = {}) {
    const { signal } = new AbortController();
    const stub = createStub(async (userKey, attempt) => {
      if (userKey === "good") {
        return pushed;
      }
      if (attempt === 1) {
        await stub.timer.sleep(1, signal);
        await stub.send("good");
      }
      return trouble;
    }, options);
    return stub.send("a");
  }

  it("rejects a record at the end of its patience if it alone got no answer", async () => {
    const outcome = await failAfterSuccess(troubleOf("silent", "no answer"), { stallTimeoutMs: 2_000 });
    expect(outcome).toMatchObject({ kind: "rejected" });
  });

  it("does not reject a record at the end of its patience whose request was not sent", async () => {
    const outcome = await failAfterSuccess(troubleOf("unreachable", "refused"), { stallTimeoutMs: 2_000 });
    expect(outcome).toEqual({ kind: "stalled", message: "no request succeeded for 2 s: refused" });
  });

  it.each(["silent", "unreachable"] as const)(
    "rejects no record in an outage after a success, however soon patience ends: all are %s",
    async (kind) => {
      const { signal } = new AbortController();
      const stub = createStub(
        async (userKey) => {
          // A success while the first attempts of the others are in flight, and then none.
          await stub.timer.sleep(userKey === "good" ? 1 : userKey === "a" ? 5_000 : 5_001, signal);
          return userKey === "good" ? pushed : troubleOf(kind, "no answer");
        },
        { stallTimeoutMs: 2_000 },
      );
      const outcomes = await Promise.all(["a", "b", "good"].map((userKey) => stub.send(userKey)));
      expect(outcomes.map((outcome) => outcome.kind)).toEqual(["stalled", "stalled", "pushed"]);
    },
  );

  it.each(["foreign", "unreachable"] as const)(
    "never rejects a record for trouble that is %s, however often others succeed meanwhile",
    async (kind) => {
      const { signal } = new AbortController();
      const stub = createStub(async (userKey, attempt) => {
        if (userKey !== "a") {
          return pushed;
        }
        await stub.timer.sleep(1, signal);
        await stub.send("good");
        return attempt <= 50 ? troubleOf(kind, "HTTP 403") : pushed;
      });
      expect(await stub.send("a")).toEqual(pushed);
      expect(stub.retries()).toBe(50);
    },
  );

  it("does not reject a record at the end of its patience for an answer that is not from this API", async () => {
    const stub = createStub(
      async (userKey, attempt) => {
        if (userKey === "good") {
          return pushed;
        }
        if (attempt === 1) {
          await stub.timer.sleep(1, new AbortController().signal);
          await stub.send("good");
        }
        return troubleOf("foreign", "HTTP 403");
      },
      { stallTimeoutMs: 2_000 },
    );
    expect(await stub.send("a")).toMatchObject({ kind: "stalled" });
  });

  it("starts no more requests than the pacer allows, retries included", async () => {
    const stub = createStub((_, attempt) => (attempt === 1 ? troubleOf("silent", "busy") : pushed), {
      pacer: createPacer(50),
      backOff: () => 0,
    });
    await Promise.all(Array.from({ length: 100 }, (_, index) => stub.send(`user-${index}`)));
    // 200 requests at 50/s; the pacer allows a burst of 5.
    expect(stub.sentAt.length).toBe(200);
    expect(stub.timer.now()).toBe((200 - 5) * 20);
    for (const [index, at] of stub.sentAt.entries()) {
      expect(stub.sentAt.filter((other) => other >= at && other < at + 1_000).length).toBeLessThanOrEqual(55);
      expect(at).toBeGreaterThanOrEqual((index - 5) * 20);
    }
  });

  it.each<[string, Partial<RetryOptions>]>([
    ["the back-off", {}],
    ["the pacer", { pacer: { take: () => 5_000 } }],
  ])("sends nothing more when the run is stopped while a record waits for %s", async (_, options) => {
    const timer: Timer = {
      now: () => 0,
      sleep: (_, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(false))),
    };
    const stub = createStub(() => troubleOf("silent", "busy"), { ...options, timer });
    const outcome = stub.send("a");
    await new Promise((resolve) => setImmediate(resolve));
    stub.stop();
    const before = stub.sentAt.length;
    expect(await outcome).toEqual({ kind: "stopped" });
    expect(stub.sentAt.length).toBe(before);
  });

  it("returns the outcome of the attempt in flight when the run is stopped, unless that asks for a retry", async () => {
    for (const [outcome, expected] of [
      [pushed, pushed],
      [troubleOf("silent", "busy"), { kind: "stopped" }],
    ]) {
      const answer = Promise.withResolvers<Outcome>();
      const stub = createStub(() => answer.promise);
      const sent = stub.send("a");
      stub.stop();
      answer.resolve(outcome as Outcome);
      expect(await sent).toEqual(expected);
      expect(stub.sentAt.length).toBe(1);
    }
  });
});
