import { useComputed } from "@preact/signals";
import { emulatedSecond } from "../emulator/emulated-clock.ts";
import { absoluteText, type Instant, relativeText } from "./time-text.ts";

/**
 * A time: absolute, in UTC, and relative to the clock of the emulator, which may be far from that of the machine. A short one
 * has only the relative text, and the absolute one as its title.
 */
export function Time({ value, isShort = false }: { value: Instant | undefined; isShort?: boolean }) {
  // Only the text node changes as time passes, and only when the text does.
  const relative = useComputed(() => value && relativeText(value, emulatedSecond.value));
  if (!value) {
    return <span class="muted">none</span>;
  }
  const absolute = absoluteText(value);
  if (isShort) {
    return <time title={absolute}>{relative}</time>;
  }
  return (
    <time>
      {absolute} <span class="muted">{relative}</span>
    </time>
  );
}
