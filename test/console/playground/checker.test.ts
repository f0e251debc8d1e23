import { describe, expect, it } from "vitest";
import type { DraftCheck } from "../../../src/console/playground/check-draft.ts";
import { createChecker } from "../../../src/console/playground/checker.ts";
import type { Draft } from "../../../src/console/ui/push-draft.ts";

const draft = (text: string): Draft => ({
  method: "CreatePlanStatus",
  operator: "65001",
  clientId: "",
  userKey: "x",
  text,
});

const result: DraftCheck = { violations: [], notifications: [] };

/** A worker that answers when it is told to. */
function startFakeWorker() {
  const received: string[] = [];
  const listeners = new Map<string, (event: Event) => void>();
  return {
    received,
    postMessage: (work: { draft: Draft }) => void received.push(work.draft.text),
    addEventListener: (type: string, listener: unknown) =>
      void listeners.set(type, listener as (event: Event) => void),
    tell: (type: "message" | "error") => listeners.get(type)?.({ data: result } as unknown as Event),
  };
}

describe("createChecker", () => {
  it("checks one draft at a time, and then only the latest of those that wait", () => {
    const worker = startFakeWorker();
    const checked: string[] = [];
    const checker = createChecker(worker as never, ({ text }) => checked.push(text), expect.unreachable);
    for (const text of ["a", "b", "c"]) {
      checker.check(draft(text), 0);
    }
    expect(worker.received).toEqual(["a"]);
    worker.tell("message");
    expect(worker.received).toEqual(["a", "c"]);
    worker.tell("message");
    worker.tell("message");
    expect(checked).toEqual(["a", "c"]);
  });

  it("reports a worker that fails", () => {
    const worker = startFakeWorker();
    let failures = 0;
    const checker = createChecker(
      worker as never,
      () => {},
      () => {
        failures++;
      },
    );
    checker.check(draft("a"), 0);
    worker.tell("error");
    expect(failures).toBe(1);
  });
});
