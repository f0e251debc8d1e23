import type { CallStore } from "../feed/call-store.ts";

/** What the list does not show, and why. */
export function ListNotes({ store }: { store: CallStore }) {
  const dropped = store.dropped.value;
  const missed = store.missed.value;
  const notes = [
    store.wasForgotten.value &&
      "The emulator was restarted, or its journal was cleared: the calls before are gone.",
    missed > 0 && `${calls(missed)} before these were dropped by the journal before they were read.`,
    dropped > 0 && `The journal was full: it has dropped its oldest ${calls(dropped)}.`,
  ].filter((note) => note !== false);
  return (
    <>
      {notes.map((note) => (
        <p key={note} class="list-note">
          {note}
        </p>
      ))}
    </>
  );
}

function calls(count: number): string {
  return `${count.toLocaleString("en")} ${count === 1 ? "call" : "calls"}`;
}
