import { afterAll, afterEach, beforeAll, beforeEach, describe } from "vitest";
import type { EngineOptions, PlanStore, RecordKey } from "../../../src/store/plan-store.ts";
import { createTestClock } from "../../support/test-clock.ts";
import { describeCancellation, describeClose, describeHealth } from "./calls.ts";
import { describeKeptRecords } from "./kept-records.ts";
import { describeExpiry, describeOrder } from "./order.ts";
import { describeRecords } from "./records.ts";
import { describeRemoval, describeRemovalInScans } from "./removal.ts";
import { describeRestart } from "./restart.ts";
import { describeCursors, describeScan, describeScanOfUsers } from "./scan.ts";
import { describeNoSnapshot, describeSnapshot, describeSnapshotOfUsers } from "./snapshot.ts";
import { type Bench, recordOf, start, textOf } from "./support.ts";

/** A place where a store has its records, empty at first. */
export type StorePlace = {
  /** Opens the store, the second time with the records of the first unless it is volatile. */
  open(options: EngineOptions): Promise<PlanStore>;
  /** Removes what is left, once every store of the place is closed. */
  remove(): Promise<void>;
};

/** What an engine does not do. */
type Exceptions = {
  snapshots?: boolean;
  /** Why its records do not survive a restart, by default they do. */
  volatile?: string;
};

/** Describes what every engine behind PlanStore does. Places are used one after the other. */
export function describePlanStore(
  name: string,
  createPlace: () => Promise<StorePlace>,
  { snapshots = true, volatile = "" }: Exceptions = {},
): void {
  describe(`${name} as a PlanStore`, () => {
    // Opening a store takes longer than most tests, so tests that only need their own keys share one.
    describe("shared by tests with different keys", () => {
      const bench = useStore(createPlace, volatile, beforeAll, afterAll);
      describeRecords(bench);
      describeOrder(bench);
      describeExpiry(bench);
      describeRemoval(bench);
      describeCancellation(bench);
      describeCursors(bench);
      if (!snapshots) {
        describeNoSnapshot(bench);
      }
    });

    describe("shared by tests that read the same records", () => {
      const bench = useStore(createPlace, volatile, beforeAll, afterAll);
      describeScanOfUsers(bench, snapshots ? describeSnapshotOfUsers : undefined);
    });

    describe("opened for each test, and empty", () => {
      const bench = useStore(createPlace, volatile, beforeEach, afterEach, true);
      describeScan(bench);
      describeRemovalInScans(bench, { snapshots });
      describeKeptRecords(bench, { snapshots });
      if (snapshots) {
        describeSnapshot(bench);
      }
    });

    describe("opened for each test, with the records of other tests", () => {
      // Creating a place takes longer than opening it.
      const place = usePlace(createPlace);
      const bench = useStore(
        async () => ({ open: place().open, async remove() {} }),
        volatile,
        beforeEach,
        afterEach,
        true,
      );
      describeHealth(bench);
      describeClose(bench);
      describeRestart(bench);
    });
  });
}

/** Creates a place before all tests, and removes it after them. */
function usePlace(createPlace: () => Promise<StorePlace>): () => StorePlace {
  let place: StorePlace;
  beforeAll(async () => {
    place = await createPlace();
  });
  afterAll(() => place.remove());
  return () => place;
}

/** Opens a store before each test, or before all of them. Every test has its own key, and starts at the same time. */
function useStore(
  createPlace: () => Promise<StorePlace>,
  volatile: string,
  before: typeof beforeAll | typeof beforeEach,
  after: typeof afterAll | typeof afterEach,
  keepExpired = false,
): Bench {
  const clock = createTestClock();
  let place: StorePlace;
  let store: PlanStore;
  let asn = 64_500;

  beforeEach(() => {
    clock.set(start);
    // By two: some tests use the next number as well.
    asn += 2;
  });
  before(async () => {
    place = await createPlace();
    store = await place.open({ clock, keepExpired });
  });
  after(async () => {
    await store.close();
    await place.remove();
  });

  const bench: Bench = {
    clock,
    volatile,
    get store() {
      return store;
    },
    get key(): RecordKey {
      return { kind: "planStatus", asn, clientId: "client", id: "user" };
    },
    async reopen() {
      await store.close();
      store = await place.open({ clock, keepExpired });
    },
    put: (record, signal) => store.put(recordOf({ key: bench.key, ...record }), signal),
    get: async (wanted = bench.key, signal) => textOf(await store.get(wanted, signal)),
  };
  return bench;
}
