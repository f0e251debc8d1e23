import { signal } from "@preact/signals";
import { type Draft, isPushMethod } from "./push-draft.ts";
import { goTo, hrefOf } from "./route.ts";

export type { Draft, PushMethod } from "./push-draft.ts";

const storageKey = "playground-draft";

/** The push in the playground; undefined before its first use. */
export const draft = signal<Draft | undefined>(undefined);

/** Shows a push in the playground. The text that was there before is restored by an undo in the editor. */
export function openInPlayground(push: Draft): void {
  saveDraft(push);
  goTo(hrefOf("playground"));
}

/**
 * Keeps a draft until its tab is closed, so that a reload does not lose it. Other tabs and later visitors do not see it,
 * because user keys identify people.
 */
export function saveDraft(push: Draft): void {
  draft.value = push;
  try {
    sessionStorage.setItem(storageKey, JSON.stringify(push));
  } catch {
    // The storage is full or not allowed. The draft still lives as long as the page.
  }
}

/** Returns the draft of this tab, also from before a reload. */
export function savedDraft(): Draft | undefined {
  return draft.value ?? parseDraft(readStorage());
}

function readStorage(): string | null {
  try {
    return sessionStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

function parseDraft(stored: string | null): Draft | undefined {
  if (stored === null) {
    return undefined;
  }
  const value = JSON.parse(stored) as Draft;
  return isPushMethod(value.method) && typeof value.text === "string" ? value : undefined;
}
