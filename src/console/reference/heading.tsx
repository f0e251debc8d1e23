import { CommentView } from "../contract/comment-view.tsx";
import type { ContractEntry, ContractType } from "../contract/document.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { hrefOf } from "../ui/route.ts";
import { KindChip } from "./kind-chip.tsx";

/** The heading of a part of the contract: what it belongs to, its names and its comment. */
export function Heading({ entry, parent }: { entry: ContractEntry; parent?: ContractType }) {
  const packageName = (parent ?? (entry as ContractType)).package;
  return (
    <>
      <nav class="reference-crumbs" aria-label="Belongs to">
        <a href={hrefOf("reference")}>Overview</a>
        <span aria-hidden="true">/</span>
        <a href={hrefOf("reference", [packageName])}>{packageName}</a>
        {parent && (
          <>
            <span aria-hidden="true">/</span>
            <a href={hrefOf("reference", [parent.fullName])}>{parent.name}</a>
          </>
        )}
      </nav>
      <h2 tabIndex={-1} class="row">
        <span class="name">{entry.name}</span>
        <KindChip entry={entry} />
      </h2>
      <div class="row reference-full-name">
        <code class="key">{entry.fullName}</code>
        <CopyButton text={entry.fullName} name="Copy the full name" />
      </div>
      <CommentView blocks={entry.comment} />
    </>
  );
}
