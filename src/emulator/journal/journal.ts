import { createRing, type Ring, type RingLimits } from "../ring.ts";
import { type RecordedCall, sizeOfCall } from "./recorded-call.ts";
import { type SentNotification, sizeOfNotification } from "./sent-notification.ts";

/** Bounds of the journal. */
export type JournalLimits = {
  /** Most calls that are held. */
  readonly maxCalls: number;
  /** Most memory of the calls that are held, in bytes. */
  readonly maxBytes: number;
};

export const defaultJournalLimits: JournalLimits = { maxCalls: 100_000, maxBytes: 512 * 1024 * 1024 };

const notificationLimits: RingLimits = { maxItems: 100_000, maxBytes: 64 * 1024 * 1024 };

/** What the emulator remembers of the calls it has answered, and of the notifications they sent. */
export type Journal = {
  readonly calls: Pick<Ring<RecordedCall>, "first" | "next" | "dropped" | "bytes" | "at">;
  readonly notifications: Pick<Ring<SentNotification>, "first" | "next" | "at">;
  /** Number of the first call after the last `clear`. */
  readonly clearedBefore: number;
  /** Adds a call that has ended, and the notifications that it sent. */
  add(call: RecordedCall, sent: readonly Omit<SentNotification, "call">[]): void;
  /** Forgets all calls and notifications. Numbers continue, so that watchers and resumed watches miss nothing. */
  clear(): void;
  /** Calls a function after each call that is added. Returns the function that ends this. */
  onAdded(act: () => void): () => void;
};

/** Creates an empty journal. */
export function createJournal(limits: Partial<JournalLimits> = {}): Journal {
  const { maxCalls, maxBytes } = { ...defaultJournalLimits, ...limits };
  const calls = createRing<RecordedCall>({ maxItems: maxCalls, maxBytes });
  const notifications = createRing<SentNotification>(notificationLimits);
  const listeners = new Set<() => void>();
  let clearedBefore = 1;
  return {
    calls,
    notifications,
    get clearedBefore() {
      return clearedBefore;
    },
    add(call, sent) {
      const number = calls.add(call, sizeOfCall(call));
      for (const each of sent) {
        const notification = { ...each, call: number };
        notifications.add(notification, sizeOfNotification(notification));
      }
      for (const act of listeners) {
        act();
      }
    },
    clear() {
      calls.clear();
      notifications.clear();
      clearedBefore = calls.next;
    },
    onAdded(act) {
      listeners.add(act);
      return () => listeners.delete(act);
    },
  };
}
