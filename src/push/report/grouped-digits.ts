/** Writes a whole number with commas, as in `10,000,000`. By hand: the engine loads megabytes of tables to do it. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
