import fc from "fast-check";
import { expect, test } from "vitest";
import { openMemoryStore } from "../../../src/store/memory/store.ts";
import type { PlanStore, PutRecord, RecordPage } from "../../../src/store/plan-store.ts";
import { removeRecord } from "../../../src/store/remove-record.ts";
import { createTestClock, testTime } from "../../support/test-clock.ts";

/** Keys for several pages of a scan. */
const keys = 1_300;

/** A step that concerns every `step`-th key. Times are in ms after the start. */
type Action = { readonly step: number } & (
  | { readonly type: "put"; readonly updated: number | undefined; readonly expires: number | undefined }
  | { readonly type: "remove" }
  | { readonly type: "clock"; readonly to: number }
  | { readonly type: "begin" | "read" | "leave" }
);

const step = fc.constantFrom(1, 2, 7, 100);
const time = fc.integer({ min: -3, max: 3 });
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    type: fc.constant("put" as const),
    step,
    updated: fc.option(time, { nil: undefined }),
    expires: fc.option(time, { nil: undefined }),
  }),
  fc.record({ type: fc.constant("remove" as const), step }),
  fc.record({ type: fc.constant("clock" as const), step, to: time }),
  fc.record({ type: fc.constantFrom("begin" as const, "read" as const, "leave" as const), step }),
);

type Content = Omit<PutRecord, "key">;

/** What a store should do, without regard to time and memory. */
function createModel() {
  const records = new Map<string, Content>();
  const isLive = ({ expiresAtMs = Number.POSITIVE_INFINITY }: Content, now: number) => expiresAtMs > now;
  return {
    put(id: string, content: Content, now: number): "stored" | "stale" {
      const stored = records.get(id);
      const [before, after] = [stored?.updateTime, content.updateTime];
      if (stored && isLive(stored, now) && before && after && before.seconds > after.seconds) {
        return "stale";
      }
      records.set(id, content);
      return "stored";
    },
    remove: (id: string) => records.delete(id),
    live(now: number): Map<string, string> {
      const live = [...records].filter(([, content]) => isLive(content, now));
      return new Map(live.map(([id, { value }]) => [id, String(value)]));
    },
  };
}

const keyOf = (id: string) => ({ kind: "planStatus", asn: 64_500, clientId: "client", id }) as const;

async function contentsOf(pages: AsyncIterable<RecordPage>): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { records } of pages) {
    found.push(...records.map(({ key, value }): [string, string] => [key.id, String(value)]));
  }
  return found;
}

/** Snapshots that are being read, the oldest first, each with what it has found and should find. */
function createSnapshots(store: PlanStore) {
  const open: {
    pages: AsyncGenerator<RecordPage>;
    found: [string, string][];
    expected: Map<string, string>;
  }[] = [];

  return {
    async begin(expected: Map<string, string>) {
      const pages = store.scan({ snapshot: true }) as AsyncGenerator<RecordPage>;
      const first = await pages.next();
      const found = first.done
        ? []
        : await contentsOf(
            (async function* () {
              yield first.value;
            })(),
          );
      open.push({ pages, found, expected });
    },
    async read() {
      const { pages, found, expected } = open.shift() ?? {};
      if (pages && found) {
        found.push(...(await contentsOf(pages)));
        expect(new Map(found)).toEqual(expected);
        expect(found).toHaveLength(expected?.size ?? 0);
      }
    },
    leave: () => open.pop()?.pages.return(undefined),
    length: () => open.length,
  };
}

test("a memory store agrees with a model through puts, removals, snapshots and a clock that is moved", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 25 }), async (actions) => {
      const clock = createTestClock();
      const store = openMemoryStore({ clock });
      const model = createModel();
      const snapshots = createSnapshots(store);
      for (const [index, action] of actions.entries()) {
        const ids = Array.from({ length: Math.ceil(keys / action.step) }, (_, n) => String(n * action.step));
        switch (action.type) {
          case "put": {
            const content = contentOf(action, index);
            for (const id of ids) {
              const { outcome } = await store.put({ key: keyOf(id), ...content });
              expect(outcome).toBe(model.put(id, content, clock.now()));
            }
            break;
          }
          case "remove":
            await Promise.all(ids.map((id) => removeRecord(store, keyOf(id))));
            ids.map(model.remove);
            break;
          case "clock":
            clock.set(testTime + action.to);
            break;
          case "begin":
            await snapshots.begin(model.live(clock.now()));
            break;
          default:
            await snapshots[action.type]();
        }
      }
      while (snapshots.length() > 0) {
        await snapshots.read();
      }
      const found = await contentsOf(store.scan());
      expect(new Map(found)).toEqual(model.live(clock.now()));
      expect(new Set(found.map(([id]) => id)).size).toBe(found.length);
    }),
    { numRuns: 25 },
  );
});

function contentOf({ updated, expires }: Extract<Action, { type: "put" }>, index: number): Content {
  return {
    updateTime: updated === undefined ? undefined : { seconds: updated, nanos: 0 },
    expiresAtMs: expires === undefined ? undefined : testTime + expires,
    value: Buffer.from(`put ${index}`),
  };
}
