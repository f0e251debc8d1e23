import type { Client } from "@connectrpc/connect";
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import type { Record as StoredRecord } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import type { EmulatorService } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { type Problem, problemOf } from "../emulator/problem.ts";
import { operatorOf, searchPattern } from "./subscriber-address.ts";

/** What a search asks for. Empty texts do not filter. */
export type RecordSearch = {
  readonly userKey: string;
  /** ASN in decimal. */
  readonly operator: string;
  readonly clientId: string;
};

/** What a search has found so far. */
export type FoundRecords = {
  readonly records: readonly StoredRecord[];
  /** Whether the emulator has not compared all its records. */
  readonly hasMore: boolean;
};

export type ListData = {
  readonly found: ReadonlySignal<FoundRecords | undefined>;
  /** Keys that may be searched: of recent calls, and of stored records. */
  readonly suggestions: ReadonlySignal<readonly string[]>;
  readonly problem: ReadonlySignal<Problem | undefined>;
  showMore(): void;
  follow(): () => void;
};

const pageSize = 100;
const refreshMs = 2_000;
const maxSuggestions = 200;

/** Returns what the emulator has stored and a search finds. */
export function listData(emulator: Client<typeof EmulatorService>, search: RecordSearch): ListData {
  const found = signal<FoundRecords | undefined>(undefined);
  const suggestions = signal<readonly string[]>([]);
  const problem = signal<Problem | undefined>(undefined);
  const filter = {
    userKey: searchPattern(search.userKey),
    operator: search.operator === "" ? "" : operatorOf(search.operator),
    clientId: search.clientId,
  };
  let wanted = pageSize;

  async function list(): Promise<FoundRecords> {
    const records: StoredRecord[] = [];
    let pageToken = "";
    do {
      const page = await emulator.listRecords({ ...filter, pageToken, pageSize: wanted - records.length });
      records.push(...page.records);
      pageToken = page.nextPageToken;
    } while (pageToken !== "" && records.length < wanted);
    return { records, hasMore: pageToken !== "" };
  }

  async function refresh(): Promise<void> {
    try {
      const [records, { calls }] = await Promise.all([list(), emulator.listCalls({ pageSize })]);
      const keys = [...calls.map(({ userKey }) => userKey), ...records.records.map(({ userKey }) => userKey)];
      batch(() => {
        found.value = records;
        suggestions.value = [...new Set(keys)].filter((key) => key !== "").slice(0, maxSuggestions);
        problem.value = undefined;
      });
    } catch (cause) {
      problem.value = problemOf(cause);
    }
  }

  return {
    found,
    suggestions,
    problem,
    showMore() {
      wanted += pageSize;
      void refresh();
    },
    follow() {
      let timer: ReturnType<typeof setTimeout> | undefined;
      let stopped = false;
      const again = async () => {
        await refresh();
        if (!stopped) {
          timer = setTimeout(again, refreshMs);
        }
      };
      void again();
      return () => {
        stopped = true;
        clearTimeout(timer);
      };
    },
  };
}
