import type { ComponentChildren } from "preact";
import type { Tone } from "./tone.ts";

/** A short label, such as the code of a call. The text says all: the colour only repeats it. */
export function Chip({
  tone = "neutral",
  title,
  children,
}: {
  tone?: Tone;
  title?: string;
  children: ComponentChildren;
}) {
  return (
    <span class={`chip ${tone}`} title={title}>
      {children}
    </span>
  );
}
