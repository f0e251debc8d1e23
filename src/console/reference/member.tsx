import type { ComponentChildren } from "preact";
import type { ContractEntry } from "../contract/document.ts";
import { hrefOf } from "../ui/route.ts";
import { DeprecatedChip } from "./kind-chip.tsx";

/** One of a list of members: its name, which is a link to it, facts beside the name, and what is below. */
export function Member({
  entry,
  facts,
  isMarked = false,
  children,
}: {
  entry: ContractEntry;
  facts?: ComponentChildren;
  isMarked?: boolean;
  children: ComponentChildren;
}) {
  return (
    <div class={isMarked ? "reference-member marked" : "reference-member"}>
      <dt>
        <a class="reference-member-name" href={hrefOf("reference", [entry.fullName])}>
          {entry.kind === "field" ? entry.jsonName : entry.name}
        </a>
        {facts}
        <DeprecatedChip entry={entry} />
      </dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Facts in one line: a label and a value each. Those without a value are left out. */
export function Notes({ notes }: { notes: readonly (readonly [label: string, value: ComponentChildren])[] }) {
  return (
    <p class="reference-notes">
      {notes
        .filter(([, value]) => isShown(value))
        .map(([label, value]) => (
          <span key={label}>
            {label} {value}
          </span>
        ))}
    </p>
  );
}

/** Facts as a table of two columns. Those without a value are left out. */
export function Facts({ facts }: { facts: readonly (readonly [label: string, value: ComponentChildren])[] }) {
  return (
    <dl class="reference-facts">
      {facts
        .filter(([, value]) => isShown(value))
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function isShown(value: ComponentChildren): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false && value !== "";
}
