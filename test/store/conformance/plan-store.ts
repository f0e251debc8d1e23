import { afterEach, beforeEach, describe } from "vitest";
import type { Clock } from "../../../src/contract/clock.ts";
import type { PlanStore } from "../../../src/store/plan-store.ts";
import { createTestClock, type TestClock } from "../../support/test-clock.ts";
import { describeCancellation, describeClose, describeHealth } from "./calls.ts";
import { describeExpiry, describeOrder } from "./order.ts";
import { describeRecords } from "./records.ts";
import { describeScan } from "./scan.ts";
import { describeNoSnapshot, describeSnapshot } from "./snapshot.ts";
import { type Bench, key, recordOf, textOf } from "./support.ts";

/** A place of its own that a store keeps its records in, empty at first. */
export type StorePlace = {
  /** Opens the store, the second time with what the first one left. */
  open(clock: Clock): Promise<PlanStore>;
  /** Removes what is left; every store of the place is closed by then. */
  remove(): Promise<void>;
};

/** Describes what every engine behind PlanStore does. `createPlace` is called before each test. */
export function describePlanStore(
  name: string,
  createPlace: () => Promise<StorePlace>,
  { snapshots = true } = {},
): void {
  describe(`${name} as a PlanStore`, () => {
    let place: StorePlace;
    let clock: TestClock;
    let store: PlanStore;

    beforeEach(async () => {
      place = await createPlace();
      clock = createTestClock();
      store = await place.open(clock);
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });

    const bench: Bench = {
      get store() {
        return store;
      },
      get clock() {
        return clock;
      },
      async reopen() {
        await store.close();
        store = await place.open(clock);
      },
      put: (record, signal) => store.put(recordOf(record), signal),
      get: async (wanted = key, signal) => textOf(await store.get(wanted, signal)),
    };

    describeRecords(bench);
    describeOrder(bench);
    describeExpiry(bench);
    describeScan(bench);
    (snapshots ? describeSnapshot : describeNoSnapshot)(bench);
    describeCancellation(bench);
    describeHealth(bench);
    describeClose(bench);
  });
}
