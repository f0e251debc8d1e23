/** The operator that the emulator uses unless it is told otherwise. */
export const defaultOperator = "65001";

/** Returns the resource name of a typed operator: its ASN or its whole name. The emulator rejects what is neither. */
export function operatorName(text: string): string {
  const typed = text.trim();
  return /^\d+$/.test(typed) ? `operators/${typed}` : typed;
}

/** Returns the ASN of `operators/{asn_id}`; empty for a call that names no operator. */
export function asnText(operator: string): string {
  return operator.replace(/^operators\//, "");
}

/** Returns the number of a call, such as `12` of `calls/12`. */
export function callNumber(name: string): string {
  return name.slice("calls/".length);
}
