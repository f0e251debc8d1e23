const form =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*([Zz]|UTC|[+-]\d\d:?\d\d)?$/;

/** What a time may be, as the end of a message. */
export const expectedTime = "a time such as 2026-12-24T18:00:00Z, 2026-12-24 18:00 or 2026-12-24";

/** In what zone a time without one is read. */
export type Zone = "UTC" | "local";

/**
 * Returns the milliseconds since the epoch of ISO text, with or without its time of day and its zone; undefined for other
 * texts, and for days and times that do not exist.
 */
export function parseTime(text: string, zone: Zone): number | undefined {
  const [whole, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", offset] =
    form.exec(text.trim()) ?? [];
  if (whole === undefined) {
    return undefined;
  }
  const ms = fraction.padEnd(3, "0").slice(0, 3);
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}`;
  // Date would turn 30 February into a day in March, and 24:00 into the next day.
  const inUtc = new Date(`${wall}Z`);
  if (Number.isNaN(inUtc.getTime()) || !inUtc.toISOString().startsWith(wall)) {
    return undefined;
  }
  const suffix =
    offset === undefined ? (zone === "UTC" ? "Z" : "") : /^(z|utc)$/i.test(offset) ? "Z" : withColon(offset);
  const found = new Date(`${wall}${suffix}`).getTime();
  return Number.isNaN(found) ? undefined : found;
}

function withColon(offset: string): string {
  return offset.includes(":") ? offset : `${offset.slice(0, 3)}:${offset.slice(3)}`;
}

/** Returns a time as the control `datetime-local` has it, in a zone: `2026-12-24T18:00`, with seconds if there are any. */
export function pickerText(ms: number, zone: Zone): string {
  const date = new Date(ms);
  const shifted = zone === "UTC" ? ms : ms - date.getTimezoneOffset() * 60_000;
  return new Date(shifted).toISOString().slice(0, 19).replace(/:00$/, "");
}

/** The zone of the browser, such as `Europe/Berlin`. */
export function localZoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Returns a time in the zone of the browser: `2026-12-24 19:00:00 GMT+1`. */
export function localText(ms: number): string {
  const zone = new Intl.DateTimeFormat("en", { timeZoneName: "short" })
    .formatToParts(ms)
    .find(({ type }) => type === "timeZoneName")?.value;
  const wall = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString();
  return `${wall.slice(0, 19).replace("T", " ")} ${zone ?? ""}`.trim();
}
