import type { Contract } from "../../contract/contract.ts";
import { membersOf } from "../../contract/contract.ts";
import type { ContractEntry } from "../../contract/document.ts";

/** How similar a name must be, from 0 to 1. */
const threshold = 0.5;

/** Returns the names that are most like a query without hits, such as one with a typing error; at most five. */
export function similarNames(query: string, { document }: Contract): readonly string[] {
  const wanted = pairsOf(query);
  const entries = document.types.flatMap((type): ContractEntry[] => [type, ...membersOf(type)]);
  const names = new Set(entries.map((entry) => (entry.kind === "field" ? entry.jsonName : entry.name)));
  return [...names]
    .map((name) => ({ name, likeness: likenessOf(wanted, pairsOf(name)) }))
    .filter(({ likeness }) => likeness >= threshold)
    .toSorted((a, b) => b.likeness - a.likeness)
    .slice(0, 5)
    .map(({ name }) => name);
}

/** The pairs of neighbouring letters that two names share, in relation to those that they have (Dice). */
function likenessOf(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  return (2 * a.intersection(b).size) / (a.size + b.size || 1);
}

function pairsOf(name: string): ReadonlySet<string> {
  const text = name
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, "")
    .slice(0, 100);
  return new Set(
    Array.from(text, (_, index) => text.slice(index, index + 2)).filter(({ length }) => length === 2),
  );
}
