import type { Position } from "../input/record.ts";
import { start } from "../input/record.ts";

/** Records `from` to `to`, all done; `end` and `crc` are those of the last. */
export type DoneRange = {
  readonly from: number;
  readonly to: number;
  readonly end: number;
  readonly crc: number;
};

/**
 * Which records are done, when they are done in any order. All up to the watermark are; above it there are ranges,
 * with gaps where a record is still under way. What is kept grows with the gaps, not with the records.
 */
export type Acknowledged = {
  add(position: Position): void;
  has(index: number): boolean;
  /** The last record before the first gap. */
  watermark(): Position;
  /** In order, none touching another or the watermark. */
  ranges(): readonly DoneRange[];
};

export type AcknowledgedInit = { readonly watermark: Position; readonly ranges: readonly DoneRange[] };

/** Creates the record of what is done, empty or as it was. */
export function createAcknowledged(init: AcknowledgedInit = { watermark: start, ranges: [] }): Acknowledged {
  let watermark = init.watermark;
  const ranges = [...init.ranges];

  /** Returns where in `ranges` the first one begins that is above `index`. */
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
    add({ index, end, crc }) {
      if (has(index)) {
        return;
      }
      if (index === watermark.index + 1) {
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
      const from = before?.to === index - 1 ? before.from : index;
      const last = after?.from === index + 1 ? after : { to: index, end, crc };
      const joined = { from, to: last.to, end: last.end, crc: last.crc };
      ranges.splice(
        from === index ? place : place - 1,
        Number(from !== index) + Number(last === after),
        joined,
      );
    },
  };
}
