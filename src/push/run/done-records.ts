import { type Position, start } from "../input/record.ts";

/** Records `from` to `to`, all of them done. `end` and `crc` are those of the last one. */
type DoneRange = Omit<Position, "index"> & { readonly from: number; readonly to: number };

/**
 * The set of records that are done, in any order: all records up to the watermark, and ranges above it. Memory grows
 * with the number of gaps (records in flight), not with the number of records.
 */
type DoneRecords = {
  /** Adds a record and the ones before it from number `from` on, by default the record only. */
  add(position: Position, from?: number): void;
  has(index: number): boolean;
  /** The last record before the first gap. */
  watermark(): Position;
  /** Sorted; no two are adjacent, and none is adjacent to the watermark. */
  ranges(): readonly DoneRange[];
};

export type DoneRecordsInit = { readonly watermark: Position; readonly ranges: readonly DoneRange[] };

/** Creates the set, empty or with the content of a checkpoint. */
export function createDoneRecords(init: DoneRecordsInit = { watermark: start, ranges: [] }): DoneRecords {
  let watermark = init.watermark;
  const ranges = [...init.ranges];

  /** Returns the place in `ranges` of the first range that begins above `index`. */
  function above(index: number): number {
    let low = 0;
    let high = ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ranges[middle] as DoneRange).from > index) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  function has(index: number): boolean {
    return index <= watermark.index || (ranges[above(index) - 1]?.to ?? 0) >= index;
  }

  return {
    has,
    watermark: () => watermark,
    ranges: () => ranges,
    add({ index, end, crc }, first = index) {
      if (has(index)) {
        return;
      }
      if (first === watermark.index + 1) {
        const [next] = ranges;
        const joined = next?.from === index + 1;
        watermark = joined ? { index: next.to, end: next.end, crc: next.crc } : { index, end, crc };
        if (joined) {
          ranges.shift();
        }
        return;
      }
      const place = above(index);
      const before = ranges[place - 1];
      const after = ranges[place];
      const from = before?.to === first - 1 ? before.from : first;
      const last = after?.from === index + 1 ? after : { to: index, end, crc };
      const joined = { from, to: last.to, end: last.end, crc: last.crc };
      ranges.splice(
        from === first ? place : place - 1,
        Number(from !== first) + Number(last === after),
        joined,
      );
    },
  };
}
