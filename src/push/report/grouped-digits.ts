/** Formats a whole number as `10,000,000`. Not by `Intl`, which loads megabytes of tables. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
