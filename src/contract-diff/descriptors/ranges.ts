/** A range of numbers, as descriptors have it. */
export type Range = { readonly start: number; readonly end: number };

/** Returns the last number of a range. */
export type EndOf = (range: Range) => number;

/** In messages, the end of a range is the first number after it. */
export const endInMessage: EndOf = ({ end }) => end - 1;

export const endInEnum: EndOf = ({ end }) => end;

/** Returns the old ranges, as in a .proto file, that have a number which no new range has. Ranges may be split and joined. */
export function uncovered(before: readonly Range[], after: readonly Range[], endOf: EndOf): string[] {
  const sorted = after.toSorted((one, other) => one.start - other.start);
  return before.flatMap((range) => {
    let next = range.start;
    for (const other of sorted) {
      if (other.start <= next) {
        next = Math.max(next, endOf(other) + 1);
      }
    }
    const last = endOf(range);
    const text = range.start === last ? String(last) : `${range.start} to ${last}`;
    return next > last ? [] : [text];
  });
}
