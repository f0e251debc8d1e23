/** Returns the oldest release that a range such as `^1.2.3` or `>=1.2.3` allows. */
export function oldest(range: string): string {
  return range.replace(/^(\^|>=)/, "");
}
