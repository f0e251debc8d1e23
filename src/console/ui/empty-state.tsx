import type { ComponentChildren } from "preact";
import { CodeBox } from "./code-box.tsx";

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
