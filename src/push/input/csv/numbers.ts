import { type CellReader, Expected } from "./cell-reader.ts";

/** Units of whole numbers, by the end of the name of the field: how many of the field's own unit one is. */
const units: readonly (readonly [field: RegExp, units: Readonly<Record<string, bigint>>])[] = [
  [
    /bytes$/,
    {
      B: 1n,
      kB: 1_000n,
      KB: 1_000n,
      MB: 1_000_000n,
      GB: 1_000_000_000n,
      TB: 1_000_000_000_000n,
      KiB: 2n ** 10n,
      MiB: 2n ** 20n,
      GiB: 2n ** 30n,
      TiB: 2n ** 40n,
    },
  ],
  [/minutes$/, { min: 1n, h: 60n, d: 1_440n }],
  [/kbps$/, { "kbit/s": 1n, "Mbit/s": 1_000n, "Gbit/s": 1_000_000n }],
];

/** Returns the names of the units that a field may have in a file. */
function unitsOf(field: string): Readonly<Record<string, bigint>> {
  return units.find(([pattern]) => pattern.test(field))?.[1] ?? {};
}

export type NumberOptions = {
  /** Name of the field in the proto. */
  readonly field: string;
  readonly unit?: string | undefined;
  readonly decimal?: "." | "," | undefined;
  readonly isText: boolean;
};

/** Returns the reader of whole numbers, or the problem of its unit. Numbers in a unit may have decimals. */
export function integerReader({ field, unit, decimal, isText }: NumberOptions): CellReader | Expected {
  const shown = (digits: string) => (isText ? `"${digits}"` : digits);
  if (unit === undefined) {
    const expected = new Expected("a whole number");
    return function readInteger(text) {
      // pandas writes .0 after whole numbers of a column with empty cells.
      const [, digits] = /^\s*(-?\d{1,20})(?:\.0)?\s*$/.exec(text) ?? [];
      return digits === undefined ? expected : shown(BigInt(digits).toString());
    };
  }
  const known = unitsOf(field);
  const factor = Object.hasOwn(known, unit) ? known[unit] : undefined;
  if (factor === undefined) {
    const names = Object.keys(known);
    return new Expected(
      names.length === 0 ? "left out: this field has no units" : `one of ${names.join(", ")}`,
    );
  }
  return function readAmount(text) {
    const read = readDecimal(text, decimal);
    if (read instanceof Expected) {
      return read;
    }
    // Rounded towards zero, so that no balance is shown larger than it is.
    const { sign, whole, fraction } = read;
    const value = (BigInt(whole + fraction) * factor) / 10n ** BigInt(fraction.length);
    return shown(sign === "-" && value !== 0n ? `-${value}` : `${value}`);
  };
}

/** Returns the reader of amounts as google.type.Money without a currency: the members `units` and `nanos`. */
export function amountReader(decimal: "." | "," | undefined): CellReader {
  return function readAmount(text) {
    const read = readDecimal(text, decimal);
    if (read instanceof Expected) {
      return read;
    }
    const { sign, whole, fraction } = read;
    const digits = fraction.replace(/0+$/, "");
    if (digits.length > 9) {
      return new Expected("an amount with at most 9 decimals");
    }
    const units = BigInt(whole).toString();
    const nanos = Number(digits.padEnd(9, "0"));
    const minus = (value: string) => (sign === "-" && value !== "0" ? `-${value}` : value);
    return `"units":"${minus(units)}"${nanos === 0 ? "" : `,"nanos":${minus(String(nanos))}`}`;
  };
}

type Decimal = { readonly sign: string; readonly whole: string; readonly fraction: string };

const number = new Expected("a number such as 12.50 or 12,50");
const unclear = new Expected(
  "a number whose decimal separator is clear",
  'state it in a mapping file: decimal: "." or decimal: ","',
);
const grouped = /^\d{1,3}(?:([.,' \u00a0\u202f])\d{3})(?:\1\d{3})*$/;

/** Reads a number with a decimal point or comma and separators of thousands, without losing a digit. */
export function readDecimal(text: string, decimal: "." | "," | undefined): Decimal | Expected {
  const [, sign = "", digits = ""] = /^([+-]?)([\d.,' \u00a0\u202f]{1,60})$/.exec(text.trim()) ?? [];
  if (digits === "") {
    return number;
  }
  const separator = decimal ?? separatorOf(digits);
  if (separator instanceof Expected) {
    return separator;
  }
  const at = separator === undefined ? -1 : digits.lastIndexOf(separator);
  const whole = at === -1 ? digits : digits.slice(0, at);
  const fraction = at === -1 ? "" : digits.slice(at + 1);
  const isGrouped = grouped.test(whole) && !(separator !== undefined && whole.includes(separator));
  if (!(/^\d*$/.test(whole) || isGrouped) || !/^\d*$/.test(fraction) || !/\d/.test(digits)) {
    return number;
  }
  return { sign, whole: whole.replace(/\D/g, "") || "0", fraction };
}

/** Returns the decimal separator of a number, undefined if it has none, or what was expected if it may be either. */
function separatorOf(digits: string): "." | "," | undefined | Expected {
  const points = digits.split(".").length - 1;
  const commas = digits.split(",").length - 1;
  if (points > 0 && commas > 0) {
    return digits.lastIndexOf(".") > digits.lastIndexOf(",") ? "." : ",";
  }
  const count = points + commas;
  if (count === 0 || count > 1) {
    return undefined;
  }
  // 1.234 may be either; 0.234 and 1234.567 may not.
  return /^[1-9]\d{0,2}[.,]\d{3}$/.test(digits) ? unclear : points > 0 ? "." : ",";
}
