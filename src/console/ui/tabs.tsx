import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";

/** One tab: its content is made only while it is selected. */
export type Tab = { readonly id: string; readonly label: ComponentChildren; content(): ComponentChildren };

/** Tabs over one panel. Left, Right, Home and End move between them, as in the ARIA pattern with automatic selection. */
export function Tabs({
  label,
  tabs,
  selected,
  onSelect,
}: {
  /** Name of the whole, for screen readers. */
  label: string;
  tabs: readonly Tab[];
  /** Id of the selected tab. Without it, the component remembers it, and begins with the first. */
  selected?: string;
  onSelect?: (id: string) => void;
}) {
  const base = useId();
  const [own, setOwn] = useState<string>();
  const index = Math.max(
    0,
    tabs.findIndex(({ id }) => id === (selected ?? own)),
  );
  const select = (next: number, event: Event) => {
    const tab = tabs[(next + tabs.length) % tabs.length];
    if (tab) {
      setOwn(tab.id);
      onSelect?.(tab.id);
      (event.currentTarget as HTMLElement).parentElement
        ?.querySelector<HTMLElement>(`[id="${base}-${tab.id}"]`)
        ?.focus();
      event.preventDefault();
    }
  };
  const move = (event: KeyboardEvent) => {
    const next = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next !== undefined) {
      select(next, event);
    }
  };
  const current = tabs[index];
  return (
    <div class="tabs">
      <div role="tablist" aria-label={label}>
        {tabs.map((tab, at) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${base}-${tab.id}`}
            aria-selected={at === index}
            aria-controls={at === index ? `${base}-panel` : undefined}
            tabIndex={at === index ? 0 : -1}
            onClick={(event) => select(at, event)}
            onKeyDown={move}
          >
            {tab.label}
          </button>
        ))}
      </div>
      {current && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: as the ARIA pattern asks, for panels that begin with text
        <div role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${current.id}`} tabIndex={0}>
          {current.content()}
        </div>
      )}
    </div>
  );
}
