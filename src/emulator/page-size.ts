/** Returns how many items a page of a list has at most. `asked` is the `page_size` of a valid request. */
export function pageSizeOf(asked: number): number {
  return asked === 0 ? 100 : Math.min(asked, 1_000);
}
