import type { ComponentChildren } from "preact";
import { CopyButton } from "./copy-button.tsx";

/** What to do where there is nothing yet, with a command to paste. */
export function EmptyState({
  title,
  command,
  children,
}: {
  title: string;
  command?: string | undefined;
  children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children && <p>{children}</p>}
      {command !== undefined && <CodeBox text={command} label="Command" />}
    </div>
  );
}

/** Text to copy, in its own box. */
export function CodeBox({ text, label }: { text: string; label: string }) {
  return (
    <div class="code-box">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the box scrolls, and must do so by keyboard too */}
      <section class="code" aria-label={label} tabIndex={0}>
        {text}
      </section>
      <CopyButton text={text} name={`Copy: ${label}`} />
    </div>
  );
}
