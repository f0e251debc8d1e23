/** Returns the offset of a time zone from UTC at a time, in milliseconds. */
export type Zone = (timeMs: number) => number;

/** Returns the zone of an IANA name such as Europe/Berlin, `UTC`, or an offset such as +01:00; undefined for others. */
export function zoneOf(name: string): Zone | undefined {
  const offset = offsetOf(name);
  if (offset !== undefined) {
    return () => offset;
  }
  // Offsets that Intl accepts too, but in other forms.
  if (/^[+-]/.test(name)) {
    return undefined;
  }
  try {
    return intlZone(name);
  } catch {
    return undefined;
  }
}

/** Returns the milliseconds of an offset such as Z, +01:00, +0100 or +01; undefined for another text. */
export function offsetOf(text: string): number | undefined {
  if (text === "Z" || text === "z") {
    return 0;
  }
  const [, sign, hours, minutes = "0"] = /^([+-])(\d{2})(?::?(\d{2}))?$/.exec(text) ?? [];
  if (sign === undefined || Number(hours) > 18 || Number(minutes) > 59) {
    return undefined;
  }
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/**
 * Returns the time at which clocks of a zone show a local time, given as if it were UTC. As in java.time, a time that
 * occurs twice is the earlier one, and one that clocks skip is later by what they skip.
 */
export function localToUtc(localMs: number, zone: Zone): number {
  const day = 86_400_000;
  const before = zone(localMs - day);
  const after = zone(localMs + day);
  const [larger, smaller] = [Math.max(before, after), Math.min(before, after)];
  if (zone(localMs - larger) === larger) {
    return localMs - larger;
  }
  return zone(localMs - smaller) === smaller ? localMs - smaller : localMs - before;
}

/** Milliseconds for which an offset is assumed not to change: all changes are at full quarters of an hour. */
const quarter = 900_000;

/** Offsets that are remembered. Exports have few different times, and asking Intl takes microseconds. */
const maxRemembered = 10_000;

function intlZone(name: string): Zone {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: name,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
    era: "short",
  });
  const remembered = new Map<number, number>();

  function ask(timeMs: number): number {
    const parts: Record<string, string> = {};
    for (const { type, value } of format.formatToParts(timeMs)) {
      parts[type] = value;
    }
    const { year, month, day, hour, minute, second } = parts;
    const shown = Date.UTC(
      Number(year),
      Number(month) - 1,
      Number(day),
      Number(hour),
      Number(minute),
      Number(second),
    );
    return shown - Math.floor(timeMs / 1000) * 1000;
  }

  return function offsetAt(timeMs) {
    const slot = Math.floor(timeMs / quarter);
    let offset = remembered.get(slot);
    if (offset === undefined) {
      offset = ask(slot * quarter);
      if (remembered.size >= maxRemembered) {
        remembered.clear();
      }
      remembered.set(slot, offset);
    }
    return offset;
  };
}
