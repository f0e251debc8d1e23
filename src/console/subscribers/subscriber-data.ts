import { equals } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import { Code as CallCode } from "#deps/google/rpc/code_pb.js";
import {
  type Call,
  CallView,
  type Notification,
  RecordSchema,
  type Record as StoredRecord,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import type { EmulatorService } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { exactPattern } from "../emulator/key-pattern.ts";
import { pause } from "../emulator/pause.ts";
import { type Problem, problemOf } from "../emulator/problem.ts";
import { callNumber } from "../emulator/resource-names.ts";
import { choiceOf, isSameChoice, methodOf, recordOfCall } from "./shown-record.ts";
import { operatorOf, type RecordChoice } from "./subscriber-address.ts";

/** The newest of a list, and whether there are older ones. */
export type Newest<Item> = { readonly items: readonly Item[]; readonly hasMore: boolean };

/** What the emulator has of one subscriber. Everything is undefined until it is known. */
export type SubscriberData = {
  readonly records: ReadonlySignal<readonly StoredRecord[] | undefined>;
  /** The forms in which records that are not stored any more were known: from their last push, or seen here before. */
  readonly before: ReadonlySignal<readonly StoredRecord[]>;
  readonly pushes: ReadonlySignal<Newest<Call> | undefined>;
  readonly notifications: ReadonlySignal<Newest<Notification> | undefined>;
  /** Why it is not known. */
  readonly problem: ReadonlySignal<Problem | undefined>;
  /** Says which record is shown: if it is not stored, its last push is looked up. */
  choose(choice: RecordChoice): void;
  /** Lists more of the older pushes and notifications. */
  showOlder(): void;
  /** Reads everything again. */
  refresh(): Promise<void>;
  /** Follows the emulator until the returned function is called. */
  follow(): () => void;
};

const pageSize = 50;
const view = CallView.BASIC;
/** Milliseconds between two looks at what no call announces, such as a deletion. */
const refreshMs = 2_000;

const services = ["PlanStatusService", "PlanGroupService"].map((name) => `mobiledataplansharing.v1.${name}`);

/** Returns what the emulator has of a subscriber. Nothing is read before `refresh` or `follow` is called. */
export function subscriberData(
  emulator: Client<typeof EmulatorService>,
  asn: string,
  userKey: string,
): SubscriberData {
  const records = signal<readonly StoredRecord[] | undefined>(undefined);
  const before = signal<readonly StoredRecord[]>([]);
  const pushes = signal<Newest<Call> | undefined>(undefined);
  const notifications = signal<Newest<Notification> | undefined>(undefined);
  const problem = signal<Problem | undefined>(undefined);
  const filter = { operator: operatorOf(asn), userKey: exactPattern(userKey) };
  // The pattern of a key may match others too.
  const isOfKey = (item: { readonly userKey: string }) => item.userKey === userKey;
  /** The form in which each record was last stored, as far as it was seen here. */
  const seen = new Map<string, StoredRecord>();
  /** What the last push of each record has stored, as far as it was asked for. */
  const pushed = new Map<string, { readonly id: string; readonly record: StoredRecord | undefined }>();
  let shownCount = pageSize;
  let chosen: RecordChoice | undefined;
  let asked = 0;

  async function listRecords(): Promise<StoredRecord[]> {
    const found: StoredRecord[] = [];
    let pageToken = "";
    do {
      const page = await emulator.listRecords({ ...filter, pageToken });
      found.push(...page.records.filter(isOfKey));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return found;
  }

  /** Reads the last accepted push of a record, unless it was read before. */
  async function readLastPush(choice: RecordChoice): Promise<void> {
    const { calls } = await emulator.listCalls({
      ...filter,
      clientId: choice.clientId,
      method: methodOf(choice),
      code: CallCode.OK,
      view,
      pageSize: 1,
    });
    const call = calls[0];
    if (call === undefined || !isOfKey(call)) {
      return;
    }
    // The numbers of calls begin again when the emulator does.
    const id = `${call.name} ${call.requestId}`;
    if (pushed.get(idOf(choice))?.id !== id) {
      pushed.set(idOf(choice), { id, record: recordOfCall(await emulator.getCall({ name: call.name })) });
    }
  }

  async function listPushes(): Promise<Newest<Call>> {
    const lists = await Promise.all(
      services.map((method) => emulator.listCalls({ ...filter, method, view, pageSize: shownCount })),
    );
    const calls = lists
      .flatMap((list) => list.calls.filter(isOfKey))
      .sort((a, b) => Number(callNumber(b.name)) - Number(callNumber(a.name)));
    return {
      items: calls.slice(0, shownCount),
      hasMore: calls.length > shownCount || lists.some((list) => list.nextPageToken !== ""),
    };
  }

  async function refresh(): Promise<void> {
    const number = ++asked;
    try {
      const [stored, called, sent] = await Promise.all([
        listRecords(),
        listPushes(),
        emulator.listNotifications({ ...filter, pageSize: shownCount }),
      ]);
      const choice = chosen;
      const isStored = stored.some((record) => choice && isSameChoice(choiceOf(record), choice));
      if (choice && !isStored) {
        await readLastPush(choice);
      }
      // A later question has been asked: this answer may be older.
      if (number !== asked) {
        return;
      }
      batch(() => {
        records.value = sameIfEqual(records.value, stored);
        for (const record of records.value) {
          seen.set(idOf(choiceOf(record)), record);
        }
        const last = [...pushed.values()].flatMap(({ record }) => record ?? []);
        before.value = [...seen.values(), ...last];
        pushes.value = called;
        notifications.value = {
          items: sent.notifications.filter(isOfKey),
          hasMore: sent.nextPageToken !== "",
        };
        problem.value = undefined;
      });
    } catch (cause) {
      if (number === asked) {
        problem.value = problemOf(cause);
      }
    }
  }

  let running = false;
  let again = false;
  /** Refreshes once more if it is refreshing already: there may be many calls at once. */
  async function refreshSoon(): Promise<void> {
    again = true;
    if (!running) {
      running = true;
      while (again) {
        again = false;
        await refresh();
      }
      running = false;
    }
  }

  /** Refreshes when a call for the key has ended, and now and then. */
  async function followCalls(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      try {
        const { calls } = await emulator.listCalls({ view, pageSize: 1 }, { signal: stopped });
        void refreshSoon();
        const afterCall = calls[0]?.name ?? "calls/0";
        for await (const _ of emulator.watchCalls({ ...filter, view, afterCall }, { signal: stopped })) {
          void refreshSoon();
        }
      } catch {
        // The emulator was restarted, or too many watches are open. What is shown stays current without a watch.
      }
      await pause(refreshMs, stopped);
    }
  }

  async function refreshNowAndThen(stopped: AbortSignal): Promise<void> {
    let restMs = refreshMs;
    while (!stopped.aborted) {
      await pause(restMs, stopped);
      if (!stopped.aborted) {
        const start = performance.now();
        await refreshSoon();
        // A store of very many records takes long to search.
        restMs = Math.max(refreshMs, 10 * (performance.now() - start));
      }
    }
  }

  return {
    records,
    before,
    pushes,
    notifications,
    problem,
    choose(choice) {
      if (chosen === undefined || !isSameChoice(chosen, choice)) {
        chosen = choice;
        void refreshSoon();
      }
    },
    showOlder() {
      shownCount = Math.min(2 * shownCount, 1_000);
      void refreshSoon();
    },
    refresh,
    follow() {
      const end = new AbortController();
      void followCalls(end.signal);
      void refreshNowAndThen(end.signal);
      return () => end.abort();
    },
  };
}

/** Returns the records that were known already as the same objects, so that they are not drawn again. */
function sameIfEqual(
  known: readonly StoredRecord[] = [],
  next: readonly StoredRecord[],
): readonly StoredRecord[] {
  return next.map((record) => known.find((old) => equals(RecordSchema, old, record)) ?? record);
}

function idOf({ kind, clientId }: RecordChoice): string {
  return `${kind} ${clientId}`;
}
