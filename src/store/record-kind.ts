import type { RecordKind } from "./plan-store.ts";

/** The number that every engine stores for a kind. These numbers are on disk: never change or reuse one. */
export const kindCodes: Readonly<Record<RecordKind, number>> = { planStatus: 1, planGroup: 2 };

const kinds = new Map(Object.entries(kindCodes).map(([kind, code]) => [code, kind as RecordKind]));

/** Returns the kind that a number is stored for, or undefined for a number that this program does not know. */
export function kindOf(code: number): RecordKind | undefined {
  return kinds.get(code);
}
