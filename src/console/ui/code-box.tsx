import { CopyButton } from "./copy-button.tsx";
import { LongText } from "./json/long-text.tsx";

/** Characters of a text that are shown at first. */
const shownAtFirst = 20_000;

/** Text to copy, in its own box. */
export function CodeBox({ text, label }: { text: string; label: string }) {
  return (
    <div class="code-box">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the box scrolls, and must do so by keyboard too */}
      <section class="code" aria-label={label} tabIndex={0}>
        <LongText key={text} text={text} atFirst={shownAtFirst} />
      </section>
      <CopyButton text={text} name={`Copy: ${label}`} />
    </div>
  );
}
