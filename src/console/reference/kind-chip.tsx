import type { ContractEntry } from "../contract/document.ts";
import { Chip } from "../ui/chip.tsx";

/** What an entry of the contract is, and whether it is deprecated. */
export function KindChip({ entry }: { entry: ContractEntry }) {
  return (
    <>
      <Chip>{entry.kind === "value" ? (entry.reason ? "error reason" : "enum value") : entry.kind}</Chip>
      <DeprecatedChip entry={entry} />
    </>
  );
}

/** Says that an entry is deprecated, if it is. */
export function DeprecatedChip({ entry: { deprecated } }: { entry: ContractEntry }) {
  return deprecated ? <Chip tone="warn">deprecated</Chip> : null;
}
