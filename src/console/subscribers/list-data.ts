import type { Client } from "@connectrpc/connect";
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import {
  CallView,
  type Record as StoredRecord,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import type { EmulatorService } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { searchPattern } from "../emulator/key-pattern.ts";
import { type Problem, problemOf } from "../emulator/problem.ts";
import { operatorOf } from "./subscriber-address.ts";

/** What a search asks for. Empty texts do not filter. */
export type RecordSearch = {
  /** Part of a key, or a pattern. */
  readonly userKey: string;
  /** ASN in decimal. */
  readonly operator: string;
  readonly clientId: string;
};

/** What a search has found so far. */
export type FoundRecords = {
  readonly search: RecordSearch;
  readonly records: readonly StoredRecord[];
  /** Whether the emulator has not compared all its records. */
  readonly hasMore: boolean;
  /** Subscribers of recent calls that match, for whom nothing is stored. */
  readonly others: readonly OtherSubscriber[];
};

/** A subscriber that calls named. */
export type OtherSubscriber = { readonly operator: string; readonly userKey: string };

/** The list of subscribers, kept current. */
export type ListData = {
  /** Undefined until the first answer; then that of the last search that was answered. */
  readonly found: ReadonlySignal<FoundRecords | undefined>;
  /** Keys that may be searched: of recent calls, and of stored records. */
  readonly suggestions: ReadonlySignal<readonly string[]>;
  readonly problem: ReadonlySignal<Problem | undefined>;
  search(search: RecordSearch): void;
  showMore(): void;
  /** Keeps the list current until the returned function is called. */
  follow(): () => void;
};

const pageSize = 100;
const refreshMs = 2_000;
/** Milliseconds after the last key before a search begins. */
const typingMs = 150;
const maxSuggestions = 200;
const maxOthers = 20;
const recentCalls = 200;

/** Returns what the emulator has stored and a search finds. */
export function listData(emulator: Client<typeof EmulatorService>): ListData {
  const found = signal<FoundRecords | undefined>(undefined);
  const suggestions = signal<readonly string[]>([]);
  const problem = signal<Problem | undefined>(undefined);
  let asked: RecordSearch = { userKey: "", operator: "", clientId: "" };
  let wanted = pageSize;
  let isFollowed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let reading = new AbortController();

  async function listRecords(search: RecordSearch, signal: AbortSignal) {
    const filter = filterOf(search);
    const records: StoredRecord[] = [];
    let pageToken = "";
    do {
      const size = Math.min(wanted - records.length, 1_000);
      const page = await emulator.listRecords({ ...filter, pageToken, pageSize: size }, { signal });
      records.push(...page.records);
      pageToken = page.nextPageToken;
    } while (pageToken !== "" && records.length < wanted);
    return { records, hasMore: pageToken !== "" };
  }

  async function read(): Promise<void> {
    const { signal } = reading;
    const search = asked;
    try {
      const recent = { view: CallView.BASIC, pageSize: recentCalls };
      const [{ records, hasMore }, all, matching] = await Promise.all([
        listRecords(search, signal),
        emulator.listCalls(recent, { signal }),
        emulator.listCalls({ ...recent, ...filterOf(search) }, { signal }),
      ]);
      if (signal.aborted) {
        return;
      }
      batch(() => {
        found.value = { search, records, hasMore, others: othersOf(matching.calls, records) };
        suggestions.value = keysOf([...all.calls, ...records]).slice(0, maxSuggestions);
        problem.value = undefined;
      });
    } catch (cause) {
      if (!signal.aborted) {
        problem.value = problemOf(cause);
      }
    }
  }

  /** Reads after a time, and then again and again. */
  function schedule(ms: number): void {
    clearTimeout(timer);
    if (isFollowed) {
      timer = setTimeout(async () => {
        const { signal } = reading;
        const start = performance.now();
        await read();
        if (!signal.aborted) {
          // A store of very many records takes long to search.
          schedule(Math.max(refreshMs, 10 * (performance.now() - start)));
        }
      }, ms);
    }
  }

  function restart(ms: number): void {
    reading.abort();
    reading = new AbortController();
    schedule(ms);
  }

  return {
    found,
    suggestions,
    problem,
    search(search) {
      if (Object.entries(search).some(([name, value]) => asked[name as keyof RecordSearch] !== value)) {
        asked = search;
        wanted = pageSize;
        restart(typingMs);
      }
    },
    showMore() {
      wanted += pageSize;
      restart(0);
    },
    follow() {
      isFollowed = true;
      restart(0);
      return () => {
        isFollowed = false;
        clearTimeout(timer);
        reading.abort();
      };
    },
  };
}

function filterOf({ userKey, operator, clientId }: RecordSearch) {
  return {
    userKey: searchPattern(userKey),
    operator: operator === "" ? "" : operatorOf(operator),
    clientId,
  };
}

function keysOf(items: readonly { readonly userKey: string }[]): string[] {
  return [...new Set(items.map(({ userKey }) => userKey))].filter((key) => key !== "");
}

/** Returns the subscribers of calls that none of the records is of. */
function othersOf(calls: readonly OtherSubscriber[], records: readonly OtherSubscriber[]): OtherSubscriber[] {
  const idOf = ({ operator, userKey }: OtherSubscriber) => `${operator} ${userKey}`;
  const stored = new Set(records.map(idOf));
  const others = new Map(
    calls
      .filter((call) => call.operator !== "" && call.userKey !== "" && !stored.has(idOf(call)))
      .map(({ operator, userKey }) => [`${operator} ${userKey}`, { operator, userKey }]),
  );
  return [...others.values()].slice(0, maxOthers);
}
