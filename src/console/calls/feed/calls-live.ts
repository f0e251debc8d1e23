import { Code, ConnectError } from "@connectrpc/connect";
import { CallView } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { emulator } from "../../emulator/client.ts";
import { pause } from "../../emulator/pause.ts";
import { problemOf } from "../../emulator/problem.ts";
import { whileVisible } from "../../emulator/while-visible.ts";
import { type CallSource, runFeed } from "./call-feed.ts";
import { type CallFilters, isShown } from "./call-filters.ts";
import type { CallRow } from "./call-row.ts";
import { type CallStore, createCallStore } from "./call-store.ts";
import { emulatorSource } from "./emulator-source.ts";
import { createGiveWay } from "./give-way.ts";

/** The calls that match some filters, kept while another page is shown. */
export type LiveCalls = {
  readonly filters: CallFilters;
  readonly source: CallSource;
  readonly store: CallStore;
  /** Begins anew with what the journal holds. */
  restart(): void;
};

let last: LiveCalls | undefined;

/** Returns the calls for filters: those of before if the filters are the same. */
export function liveCalls(filters: CallFilters): LiveCalls {
  if (JSON.stringify(last?.filters) !== JSON.stringify(filters)) {
    last = {
      filters,
      source: emulatorSource(filters),
      store: createCallStore({
        isShown: (row: CallRow) => isShown(filters, row),
        schedule: (act) => requestAnimationFrame(act),
      }),
      restart: () => {},
    };
  }
  return last as LiveCalls;
}

/** Keeps calls current while the page is visible, until the returned function is called. */
export function followCalls(live: LiveCalls): () => void {
  const { source, store } = live;
  let running: AbortController | undefined;
  const start = () => {
    running = new AbortController();
    const { signal } = running;
    void runFeed({
      source,
      sink: store.sink,
      newest: store.newest,
      signal,
      pause,
      giveWay: createGiveWay(),
      describe: problemOf,
      isInvalid: (cause) => ConnectError.from(cause).code === Code.InvalidArgument,
    });
    watchJournal(live, signal);
    return stop;
  };
  const stop = () => {
    running?.abort();
    running = undefined;
  };
  live.restart = () => {
    store.clear();
    if (running !== undefined) {
      stop();
      start();
    }
  };
  return whileVisible(start);
}

const journalMs = 3_000;

/** Asks from time to time whether the journal dropped calls, or was cleared by somebody else. */
function watchJournal({ store, restart }: LiveCalls, signal: AbortSignal): void {
  const ask = async () => {
    if (store.state.value.kind === "live") {
      const seen = store.newest;
      try {
        const { calls, droppedCalls } = await emulator.listCalls(
          { view: CallView.BASIC, pageSize: 1 },
          { signal },
        );
        if (!signal.aborted) {
          store.dropped.value = Number(droppedCalls);
          if (calls.length === 0 && seen !== undefined && seen === store.newest) {
            restart();
          }
        }
      } catch {
        // The feed finds out what is wrong.
      }
    }
  };
  const timer = setInterval(ask, journalMs);
  signal.addEventListener("abort", () => clearInterval(timer));
}

/** Clears the journal of the emulator, and the list. Calls that arrive meanwhile are listed. */
export async function clearJournal(live: LiveCalls): Promise<void> {
  await emulator.clearCalls({});
  live.restart();
}
