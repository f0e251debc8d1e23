import { useLayoutEffect } from "preact/hooks";

/** Where the reader had scrolled to, by the id of an entry of the history. */
const positions = new Map<string, number>();

type HistoryState = { readonly referenceId?: string } | null;

/**
 * Brings a reader to a place that is new to them: to what is marked there or else to the top, with the focus on the heading,
 * because the link that led there is gone. Back and Forward restore the position.
 *
 * @param address - Identifies the place.
 */
export function usePlace(address: string, content: { readonly current: HTMLElement | null }): void {
  useLayoutEffect(() => {
    const known = positions.get((history.state as HistoryState)?.referenceId ?? "");
    const id = claimEntry();
    const marked = content.current?.querySelector(".marked");
    if (known !== undefined) {
      scrollTo({ top: known });
    } else if (marked) {
      marked.scrollIntoView({ block: "center" });
    } else {
      scrollTo({ top: 0 });
    }
    if (!document.activeElement?.matches("[data-search]")) {
      content.current?.querySelector<HTMLElement>("h2")?.focus({ preventScroll: true });
    }
    const remember = () => positions.set(id, scrollY);
    addEventListener("scroll", remember, { passive: true });
    return () => removeEventListener("scroll", remember);
  }, [address]);
}

/** Returns the id of the current entry of the history, and gives it one if it has none. */
function claimEntry(): string {
  const state = history.state as HistoryState;
  const id = state?.referenceId ?? crypto.randomUUID();
  history.replaceState({ ...state, referenceId: id }, "");
  return id;
}
