import { type CellReader, Expected } from "./cell-reader.ts";
import { localToUtc, offsetOf, type Zone } from "./zones.ts";

export type TimeOptions = {
  /** Zone of times without an offset. */
  readonly zone?: Zone | undefined;
  /** `epoch-seconds`, `epoch-milliseconds`, or a pattern such as `DD.MM.YYYY HH:mm`. Defaults to ISO 8601. */
  readonly format?: string | undefined;
  /** A date alone stands for its end: the beginning of the next day. */
  readonly isEnd: boolean;
};

type Parts = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** With its point, or empty. */
  readonly fraction: string;
  readonly offset: string | undefined;
  readonly isDate: boolean;
};

const iso =
  /^(\d{4})-?(\d{2})-?(\d{2})(?:[Tt ]?(\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?\s?([Zz]|[+-]\d{2}(?::?\d{2})?)?)?$/;

const example = "a time such as 2026-12-01T12:00:00+01:00";
const otherForm = "state another form by format in a mapping file, such as format: DD.MM.YYYY";
const needsZone = new Expected(
  "a time with an offset, such as 2026-12-01T12:00:00+01:00",
  "or state the time zone by --time-zone, such as Europe/Berlin",
);
const noSuchDate = new Expected("a date and a time that exist");
const tooEarly = new Expected("a time in the years 1000 to 9999", "leave the cell empty for none");
/** The last second that the contract has, since 1970. */
const lastSecond = 253_402_300_799;

/** Returns the reader of times, or the problem of its format. */
export function timeReader({ zone, format, isEnd }: TimeOptions): CellReader | Expected {
  if (format === "epoch-seconds" || format === "epoch-milliseconds") {
    return epochReader(format === "epoch-seconds");
  }
  const parse = format === undefined ? parseIso : patternParser(format);
  if (parse instanceof Expected) {
    return parse;
  }
  const expected =
    format === undefined ? new Expected(example, otherForm) : new Expected(`a time of the form ${format}`);
  // Many rows have the same time.
  let lastText: string | undefined;
  let last: string | Expected = expected;
  return function readTime(text) {
    if (text !== lastText) {
      const parts = parse(text.trim());
      last = parts === undefined ? expected : timeOf(parts, zone, isEnd);
      lastText = text;
    }
    return last;
  };
}

function timeOf(parts: Parts, zone: Zone | undefined, isEnd: boolean): string | Expected {
  const { year, month, day, hour, minute, second, offset } = parts;
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  const shown = new Date(local);
  if (year < 1000) {
    return tooEarly;
  }
  const isReal =
    shown.getUTCMonth() === month - 1 &&
    shown.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  if (!isReal) {
    return noSuchDate;
  }
  const ownOffset = offset === undefined ? undefined : offsetOf(offset);
  if (offset !== undefined && ownOffset === undefined) {
    return noSuchDate;
  }
  const wanted = parts.isDate && isEnd ? Date.UTC(year, month - 1, day + 1) : local;
  if (ownOffset === undefined && zone === undefined) {
    return needsZone;
  }
  const time = ownOffset === undefined ? localToUtc(wanted, zone as Zone) : wanted - ownOffset;
  // The last day of 9999 stands for ever, and ends in the year 10000.
  return time >= (lastSecond + 1) * 1000
    ? '"9999-12-31T23:59:59Z"'
    : `"${new Date(time).toISOString().slice(0, 19)}${parts.fraction}Z"`;
}

function parseIso(text: string): Parts | undefined {
  const [all, year, month, day, hour, minute, second = "0", fraction, offset] = iso.exec(text) ?? [];
  if (all === undefined) {
    return undefined;
  }
  return {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second),
    fraction: fraction === undefined ? "" : `.${fraction}`,
    offset,
    isDate: hour === undefined,
  };
}

/** Parts of a pattern: their names and the digits that they match. */
const tokens: Readonly<Record<string, readonly [name: string, digits: string]>> = {
  YYYY: ["year", "\\d{4}"],
  MM: ["month", "\\d{2}"],
  M: ["month", "\\d{1,2}"],
  DD: ["day", "\\d{2}"],
  D: ["day", "\\d{1,2}"],
  HH: ["hour", "\\d{2}"],
  H: ["hour", "\\d{1,2}"],
  mm: ["minute", "\\d{2}"],
  ss: ["second", "\\d{2}"],
};

function patternParser(format: string): ((text: string) => Parts | undefined) | Expected {
  const names: string[] = [];
  const source = format.replace(/YYYY|MM?|DD?|HH?|mm|ss|./gsu, (part) => {
    const token = tokens[part];
    if (token === undefined) {
      return part.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
    }
    names.push(token[0]);
    return `(${token[1]})`;
  });
  if (
    !["year", "month", "day"].every((name) => names.includes(name)) ||
    /[A-Za-z]/.test(format.replace(/YYYY|MM?|DD?|HH?|mm|ss|T/g, ""))
  ) {
    return new Expected(
      "epoch-seconds, epoch-milliseconds, or a pattern of YYYY, MM, DD, HH, mm and ss, such as DD.MM.YYYY HH:mm",
    );
  }
  const pattern = new RegExp(`^${source}$`);
  const at = (name: string) => names.indexOf(name) + 1;
  const places = ["year", "month", "day", "hour", "minute", "second"].map(at);
  return function parse(text) {
    const found = pattern.exec(text);
    if (found === null) {
      return undefined;
    }
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = places.map((place) =>
      place === 0 ? 0 : Number(found[place]),
    );
    const isDate = !names.includes("hour");
    return { year, month, day, hour, minute, second, fraction: "", offset: undefined, isDate };
  };
}

function epochReader(isSeconds: boolean): CellReader {
  const what = `${isSeconds ? "seconds" : "milliseconds"} since 1970-01-01T00:00:00Z`;
  const expected = new Expected(what);
  const most = isSeconds ? `${lastSecond}` : `${lastSecond}999`;
  const tooLate = new Expected(`${what}, at most ${most}, which is the end of the year 9999`);
  return function readEpoch(text) {
    const [, whole = "", , fraction = ""] = /^(\d{1,30})(\.(\d{1,9}))?$/.exec(text.trim()) ?? [];
    if (whole === "" || (!isSeconds && !/^0*$/.test(fraction))) {
      return expected;
    }
    const seconds = isSeconds ? Number(whole) : Math.floor(Number(whole) / 1000);
    const digits = isSeconds ? fraction : whole.slice(-3).padStart(3, "0");
    if (seconds > lastSecond) {
      return tooLate;
    }
    const rest = /^0*$/.test(digits) ? "" : `.${digits}`;
    return `"${new Date(seconds * 1000).toISOString().slice(0, 19)}${rest}Z"`;
  };
}
