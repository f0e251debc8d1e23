import type { Draft } from "../ui/push-draft.ts";
import type { DraftCheck } from "./check-draft.ts";

/** Checks drafts in a worker. */
export type Checker = {
  /** Checks a draft at an emulated time. Of the drafts that wait for their turn, only the latest is checked. */
  check(draft: Draft, nowMs: number): void;
};

type Work = { readonly draft: Draft; readonly nowMs: number };

/**
 * Creates a checker. `onCheck` gets each result, with the draft that it is about; `onFailure` is called if the worker cannot
 * be loaded or fails.
 */
export function createChecker(
  worker: Pick<Worker, "postMessage" | "addEventListener">,
  onCheck: (draft: Draft, check: DraftCheck) => void,
  onFailure: () => void,
): Checker {
  let running: Work | undefined;
  let waiting: Work | undefined;

  function start(work: Work | undefined): void {
    running = work;
    waiting = undefined;
    if (work !== undefined) {
      worker.postMessage(work);
    }
  }

  worker.addEventListener("message", (event: Event) => {
    const done = running;
    start(waiting);
    if (done !== undefined) {
      onCheck(done.draft, (event as MessageEvent<DraftCheck>).data);
    }
  });
  worker.addEventListener("error", () => {
    start(waiting);
    onFailure();
  });

  return {
    check(draft, nowMs) {
      waiting = { draft, nowMs };
      if (running === undefined) {
        start(waiting);
      }
    },
  };
}

/** What browsers that know trusted types have, as far as it is used here. */
type TrustedTypes = {
  createPolicy(
    name: string,
    rules: { createScriptURL: () => string },
  ): { createScriptURL(url: string): string };
};

let trustedUrl: string | undefined;

/** Starts the worker. The Content-Security-Policy of the page allows one policy, which trusts the URL of the worker only. */
export function startWorker(): Worker {
  const url = document.getElementById("console")?.dataset.checkWorker ?? "";
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  trustedUrl ??=
    trustedTypes?.createPolicy("check-worker", { createScriptURL: () => url }).createScriptURL(url) ?? url;
  return new Worker(trustedUrl, { type: "module" });
}
