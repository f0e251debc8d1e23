/** The operator that the emulator uses unless it is told otherwise. */
export const defaultOperator = "65001";

/** Returns the resource name of a typed operator: its ASN or its whole name. What is neither is left to the emulator. */
export function operatorName(text: string): string {
  const typed = text.trim();
  return /^\d+$/.test(typed) ? `operators/${typed}` : typed;
}
