import type { ContractEntry } from "../contract/document.ts";

/** Returns what an entry is, for people. */
export function kindOf(entry: ContractEntry): string {
  return entry.kind === "value" && entry.reason !== undefined ? "error reason" : entry.kind;
}
