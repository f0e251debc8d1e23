/**
 * A JSON number as it was written, since its nearest double is another number: an integer beyond 2^53, or a number that
 * is not whole although its double is, such as `1.00000000000000001`.
 */
export class LongNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The nearest double. */
  get value(): number {
    return Number(this.text);
  }

  /** JSON.stringify writes the number as it was written. */
  toJSON(): unknown {
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(this.text);
  }
}

const decimal = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const mostDigits = 20;

/**
 * Parses an integer as proto3 JSON allows it, such as `1e3` or `1.0`, exactly. Returns undefined for other texts and for
 * integers of more than 20 digits.
 */
export function exactInteger(text: string): bigint | undefined {
  const match = decimal.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  const digits = whole + fraction;
  let first = 0;
  while (digits[first] === "0") {
    first += 1;
  }
  let end = digits.length;
  while (end > first && digits[end - 1] === "0") {
    end -= 1;
  }
  if (first === end) {
    return 0n;
  }
  // Number of digits before the point.
  const length = whole.length + Number(exponent) - first;
  if (end - first > length || length > mostDigits) {
    return undefined;
  }
  return BigInt(sign + digits.slice(first, end).padEnd(length, "0"));
}
